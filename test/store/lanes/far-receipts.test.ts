import type { FarDestination, FarReceipt, FarReceipts } from '../../../records/far-side.ts';
import { brandAs, type DeliveryId, type DestinationName, type MessageId } from '../../../records/ids.ts';
import type { ClaimedHead, HeadResult } from '../../../records/lanes.ts';
import type { FiledHead, Filing } from '../../../records/process.ts';
import { conservation } from '../../../store/conservation.ts';
import { createFarReceipts, type FarReceiptsParts } from '../../../store/lanes/far-receipts.ts';
import { countOverdue, holdOverdue, settleEarly } from '../../../store/lanes/far-watch.ts';
import { releaseDelivery, withdrawDelivery } from '../../../store/lanes/operator.ts';
import { listDeliveries, listHolds } from '../../../store/lanes/views.ts';
import { failed, type LaneFixture, openLanes } from '../../support/lanes.ts';

/** What is learned of a delivery after the far side took it: stages apart, once each, and what follows from them. */

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const nurse = { who: 'nurse', why: 'asked the practice' };
const only = <T>(items: readonly T[]): T => {
  const [item] = items;
  if (item === undefined || items.length !== 1) throw new RangeError(`expected one, not ${items.length}`);
  return item;
};

interface Site extends LaneFixture {
  readonly receipts: FarReceipts;
  readonly parts: FarReceiptsParts;
  readonly freed: FiledHead[];
  /** Moves the clock by which lateness is judged. */
  later(ms: number): void;
  /** Files one, sends it, and has it accepted under this id. */
  sent(farId: string | null, filing?: Partial<Filing>, person?: Awaited<ReturnType<LaneFixture['person']>>): Promise<ClaimedHead>;
  accept(claim: ClaimedHead, farId: string | null): Promise<void>;
  view(id: DeliveryId): Promise<string>;
  holdOf(id: DeliveryId): Promise<string | undefined>;
  /** Both conservation lines of everything there is. */
  balance(): Promise<Record<string, unknown>>;
}

let open: Site | undefined;
afterEach(() => open?.close());

const site = async (change: Partial<FarDestination> = {}, advanceConfirmed = false): Promise<Site> => {
  const f = await openLanes({ transport: 'mesh-api', dedupable: false, advanceConfirmed });
  const far: FarDestination = {
    id: f.destination,
    name: brandAs<DestinationName>('clinical'),
    mailboxes: ['main', 'X26OT001'],
    confirmedBy: 'downloaded',
    tracking: HOUR / 2,
    late: { downloaded: 5 * DAY, business: 2 * DAY },
    ...change,
  };
  let shift = 0;
  const freed: FiledHead[] = [];
  const parts: FarReceiptsParts = {
    database: f.store.database,
    vault: f.store.vault,
    destinations: () => [far],
    onHeads: (heads) => freed.push(...heads),
    now: () => new Date(Date.now() + shift),
  };
  const outlet = { ...f.outlet, far: { confirmedBy: far.confirmedBy } };
  const accept = async (claim: ClaimedHead, farId: string | null): Promise<void> => {
    const { lane, delivery, token } = claim;
    const confirmed = far.confirmedBy === 'accepted';
    const result: HeadResult = {
      lane,
      delivery,
      token,
      kind: 'delivered',
      confirmed,
      receiptCode: '202',
      ...(farId === null ? {} : { farId }),
    };
    await f.lanes.turn(outlet, { results: [result], again: false, claims: [], next: 0, probe: false });
  };
  await f.store.database.query("insert into source (name) values ('adt')");
  open = {
    ...f,
    parts,
    freed,
    receipts: createFarReceipts(parts),
    later: (ms) => {
      shift += ms;
    },
    accept,
    sent: async (farId, filing, person) => {
      const head = only(await f.file(person ?? (await f.person()), filing ?? {}));
      const claim = only(await f.claim(head));
      await accept(claim, farId);
      return claim;
    },
    view: async (id) => only(await listDeliveries(f.store.database, { id })).view,
    holdOf: async (id) => (await listHolds(f.store.database, { open: true })).find((hold) => hold.delivery === id)?.reason,
    balance: async () => {
      await f.store.database.query(
        `insert into message (id, source_id, digest, size, key_id) select distinct message_id, 1, ''::bytea, 0, 1 from delivery on conflict do nothing`,
      );
      const { deliveries } = await conservation(f.store.database);
      return { ...only(deliveries) };
    },
  };
  return open;
};

const receipt = (change: Partial<FarReceipt> = {}): FarReceipt => ({
  stage: 'downloaded',
  good: true,
  receiptCode: 'acknowledged',
  reference: '',
  ...change,
});
const notCollected = receipt({ stage: 'reported', good: false, fault: 'not-collected', receiptCode: '14', reference: 'REPORT1' });
const named = (farId: string) => ({ mailbox: 'main', farId });

describe('a receipt of the far side', () => {
  it('confirms its delivery where it is of the stage that confirms; the same one again changes nothing', async () => {
    const s = await site();
    const { delivery } = await s.sent('F1');
    expect(await s.view(delivery)).toBe('handed-over');
    expect(await s.receipts.note(named('F1'), receipt())).toBe('noted');
    expect(await s.view(delivery)).toBe('confirmed');
    expect(await s.receipts.note(named('F1'), receipt())).toBe('known');
  });

  it('of another stage is kept apart and confirms nothing', async () => {
    const s = await site({ confirmedBy: 'business' });
    const { delivery } = await s.sent('F1');
    await s.receipts.note(named('F1'), receipt());
    expect(await s.view(delivery)).toBe('handed-over');
    await s.receipts.note(named('F1'), receipt({ stage: 'business', reference: 'ACK1' }));
    expect(await s.view(delivery)).toBe('confirmed');
  });

  it('finds its delivery by our own key where the far side’s id is not known, and by either name of the mailbox, in any case', async () => {
    const s = await site();
    const { delivery } = await s.sent(null);
    const [row] = await listDeliveries(s.store.database, { id: delivery });
    const transportKey = row?.transportKey ?? '';
    expect(await s.receipts.note({ mailbox: 'x26ot001', farId: 'NEW', transportKey }, receipt({ stage: 'accepted' }))).toBe('noted');
    expect(await s.receipts.note(named('NEW'), receipt())).toBe('noted');
    expect(await s.view(delivery)).toBe('confirmed');
  });

  it('is of no delivery of ours: another mailbox, another id', async () => {
    const s = await site();
    await s.sent('F1');
    expect(await s.receipts.note({ mailbox: 'other', farId: 'F1' }, receipt())).toBe('unmatched');
    expect(await s.receipts.note(named('F2'), receipt())).toBe('unmatched');
    expect(await s.receipts.note({ mailbox: 'main' }, receipt())).toBe('unmatched');
  });

  it('that comes before the hand-over is filed counts as soon as it is', async () => {
    const s = await site();
    const claim = only(await s.claim(only(await s.file(await s.person()))));
    const out = await s.lanes.open(only(await s.lanes.load([claim])), { far: { confirmedBy: 'downloaded' } });
    await out.noteFarId('F1');
    expect(await s.receipts.note(named('F1'), receipt())).toBe('noted');
    await settleEarly(s.parts);
    expect(await s.view(claim.delivery)).toBe('sending');
    await s.accept(claim, 'F1');
    await settleEarly(s.parts);
    expect(await s.view(claim.delivery)).toBe('confirmed');
    await settleEarly(s.parts);
  });

  it('advances a lane that waits for the confirmation', async () => {
    const s = await site({}, true);
    const person = await s.person();
    const { delivery, lane } = await s.sent('F1', {}, person);
    await s.file(person);
    expect(await s.lane({ lane })).toMatchObject({ phase: 6, head: delivery });
    await s.receipts.note(named('F1'), receipt());
    expect(only(s.freed).lane).toBe(lane);
    expect(await s.lane({ lane })).toMatchObject({ phase: 1, head: delivery + 1 });
  });

  it('keeps the far side’s words sealed', async () => {
    const s = await site();
    await s.sent('F1');
    await s.receipts.note(named('F1'), { ...notCollected, words: Buffer.from('for Mrs Smith 9990000018') });
    const [row] = await s.store.database.query<{ words: Buffer }>('select words from receipt where words is not null');
    expect(row?.words.includes('Smith')).toBe(false);
  });
});

describe('★ assurance 803: a receipt that says it went wrong', () => {
  it('holds its delivery beside the lane, which goes on', async () => {
    const s = await site();
    const person = await s.person();
    const { delivery } = await s.sent('F1', {}, person);
    await s.receipts.note(named('F1'), notCollected);
    expect(await s.view(delivery)).toBe('held');
    expect(await s.holdOf(delivery)).toBe('not-collected');
    const next = await s.sent('F2', {}, person);
    expect(await s.view(next.delivery)).toBe('handed-over');
    expect(only(await listHolds(s.store.database, { open: true })).waitingBehind).toBe(0);
    expect(await s.balance()).toMatchObject({ deliveries: 2, held: 1, 'handed-over': 1, balances: true });
    expect((await s.lanes.checkLanes()).faults).toEqual([]);
  });

  it('holds the lane where that waits for the confirmation; released, it is sent again under a new id', async () => {
    const s = await site({}, true);
    const claim = await s.sent('F1');
    await s.receipts.note(named('F1'), { ...notCollected, fault: 'patient-not-routed', receiptCode: 'EPL-153' });
    expect(await s.lane(claim)).toMatchObject({ phase: 4, head: claim.delivery });
    expect(await s.holdOf(claim.delivery)).toBe('patient-not-routed');
    expect((await releaseDelivery(s.store.database, s.store.vault, claim.delivery, nurse)).outcome).toBe('done');
    const again = only(await s.claim(claim));
    // It was addressed wrongly: it is written anew before it is sent.
    expect(only(await s.lanes.load([again])).stale).toBe(true);
    await s.accept(again, 'F2');
    // What is still said of the first send is on record, and settles nothing.
    expect(await s.receipts.note(named('F1'), receipt())).toBe('noted');
    expect(await s.view(claim.delivery)).toBe('handed-over');
    await s.receipts.note(named('F2'), receipt());
    expect(await s.view(claim.delivery)).toBe('confirmed');
    expect(await s.balance()).toMatchObject({ deliveries: 1, confirmed: 1, balances: true });
  });

  it('turns even a confirmed delivery back', async () => {
    const s = await site({ confirmedBy: 'accepted' });
    const { delivery } = await s.sent('F1');
    expect(await s.view(delivery)).toBe('confirmed');
    await s.receipts.note(named('F1'), notCollected);
    expect(await s.view(delivery)).toBe('held');
    expect(await s.balance()).toMatchObject({ held: 1, confirmed: 0, balances: true });
  });

  it('stays a person’s to decide: a good one that comes later does not close it', async () => {
    const s = await site();
    const { delivery } = await s.sent('F1');
    await s.receipts.note(named('F1'), receipt({ stage: 'business', good: false, reference: 'ACK', receiptCode: '30003' }));
    expect(await s.holdOf(delivery)).toBe('business-refused');
    await s.receipts.note(named('F1'), receipt());
    expect(await s.holdOf(delivery)).toBe('business-refused');
  });

  it('tells how an attempt ended whose outcome was not known', async () => {
    const s = await site();
    const claim = only(await s.claim(only(await s.file(await s.person()))));
    await s.turn({ results: [failed(claim, { outcome: 'ambiguous', code: 'mesh-unknown', sentBytes: true })] });
    const [row] = await listDeliveries(s.store.database, { id: claim.delivery });
    const name = { mailbox: 'main', farId: 'F9', transportKey: row?.transportKey ?? '' };
    await s.receipts.note(name, { ...notCollected, fault: 'patient-not-routed', receiptCode: 'EPL-152' });
    expect(await s.holdOf(claim.delivery)).toBe('patient-not-routed');
    expect(await s.view(claim.delivery)).toBe('held');
  });

  it('or that it arrived after all, and its lane goes on', async () => {
    const s = await site({ confirmedBy: 'business' });
    const person = await s.person();
    const claim = only(await s.claim(only(await s.file(person))));
    await s.file(person);
    await s.turn({ results: [failed(claim, { outcome: 'ambiguous', code: 'mesh-unknown', sentBytes: true })] });
    const [row] = await listDeliveries(s.store.database, { id: claim.delivery });
    await s.receipts.note({ mailbox: 'main', farId: 'F9', transportKey: row?.transportKey ?? '' }, receipt());
    expect(await s.view(claim.delivery)).toBe('handed-over');
    expect(only(s.freed).delivery).toBe(claim.delivery + 1);
    expect((await s.lanes.checkLanes()).faults).toEqual([]);
  });
});

describe('a person decides about a delivery in question', () => {
  it('release sends it again as a message of its own, at the end of its lane, with the same bytes and envelope', async () => {
    const s = await site();
    const person = await s.person();
    const envelope = { recipientOds: brandAs<NonNullable<Filing['payload']['envelope']>['recipientOds'] & string>('A81001') };
    const payload = {
      contentType: 'text/plain',
      charset: 'utf-8',
      parts: [{ kind: 'bytes', bytes: Buffer.from('letter') }],
      envelope,
    } as const;
    const first = await s.sent('F1', { payload, size: 6 }, person);
    await s.receipts.note(named('F1'), notCollected);
    const waiting = only(await s.file(person));
    const released = await releaseDelivery(s.store.database, s.store.vault, first.delivery, nurse);
    expect(released).toMatchObject({ outcome: 'done', heads: [] });
    expect(await releaseDelivery(s.store.database, s.store.vault, first.delivery, nurse)).toMatchObject({ outcome: 'already' });
    expect(await s.view(first.delivery)).toBe('withdrawn');
    const before = only(await s.claim(waiting));
    const moved = only((await s.turn({ results: [{ ...before, kind: 'delivered', confirmed: true, receiptCode: 'x' }] })).due);
    const claim = only(await s.claim(moved));
    const out = await s.lanes.open(only(await s.lanes.load([claim])), { far: { confirmedBy: 'downloaded' } });
    expect(out.bytes?.toString()).toBe('letter');
    expect(out.envelope).toEqual(envelope);
    expect(out.farId).toBeNull();
    await s.accept(claim, 'F2');
    await s.receipts.note(named('F1'), receipt());
    expect(await s.view(claim.delivery)).toBe('handed-over');
    expect(await s.balance()).toMatchObject({ deliveries: 3, withdrawn: 1, confirmed: 1, 'handed-over': 1, balances: true });
    expect((await s.lanes.checkLanes()).faults).toEqual([]);
  });

  it('release hints it at once where nothing waits before it', async () => {
    const s = await site();
    const first = await s.sent('F1');
    await s.receipts.note(named('F1'), notCollected);
    const { heads } = await releaseDelivery(s.store.database, s.store.vault, first.delivery, nurse);
    expect(only(heads).lane).toBe(first.lane);
    expect(await s.holdOf(first.delivery)).toBeUndefined();
  });

  it('withdraw ends it; one its recipient has fetched stays handed over', async () => {
    const s = await site({ confirmedBy: 'business' });
    const lost = await s.sent('F1');
    await s.receipts.note(named('F1'), notCollected);
    const refused = await s.sent('F2');
    await s.receipts.note(named('F2'), receipt({ stage: 'business', good: false, reference: 'ACK' }));
    for (const { delivery } of [lost, refused])
      expect((await withdrawDelivery(s.store.database, s.store.vault, delivery, 'operator', nurse)).outcome).toBe('done');
    expect(await s.view(lost.delivery)).toBe('withdrawn');
    expect(await s.view(refused.delivery)).toBe('handed-over');
    expect(await listHolds(s.store.database, { open: true })).toEqual([]);
    s.later(30 * DAY);
    expect(await holdOverdue(s.parts)).toEqual([]);
    expect(await s.balance()).toMatchObject({ deliveries: 2, withdrawn: 1, 'handed-over': 1, balances: true });
  });
});

describe('what does not come in time', () => {
  it('★ assurance 703: is held as not collected after five days, told once, and settled by the news when it comes', async () => {
    const s = await site();
    const { delivery } = await s.sent('F1');
    s.later(5 * DAY - HOUR);
    expect(await holdOverdue(s.parts)).toEqual([]);
    s.later(2 * HOUR);
    expect(await holdOverdue(s.parts)).toEqual([{ destination: 'clinical', reason: 'not-collected', deliveries: [delivery] }]);
    expect(await holdOverdue(s.parts)).toEqual([]);
    expect((await countOverdue(s.store.database)).get(brandAs<DestinationName>('clinical'))).toBe(1);
    expect(await s.view(delivery)).toBe('held');
    expect(await s.balance()).toMatchObject({ held: 1, balances: true });
    await s.receipts.note(named('F1'), receipt());
    expect(await s.view(delivery)).toBe('confirmed');
    expect(await s.holdOf(delivery)).toBeUndefined();
    expect((await countOverdue(s.store.database)).get(brandAs<DestinationName>('clinical'))).toBe(0);
  });

  it('a report that explains it gives the hold its reason', async () => {
    const s = await site();
    const { delivery } = await s.sent('F1');
    s.later(6 * DAY);
    await holdOverdue(s.parts);
    await s.receipts.note(named('F1'), { ...notCollected, fault: 'patient-not-routed', receiptCode: 'EPL-151' });
    expect(await s.holdOf(delivery)).toBe('patient-not-routed');
  });

  it('the recipient’s own answer is waited for from when it was fetched', async () => {
    const s = await site({ confirmedBy: 'business' });
    const { delivery } = await s.sent('F1');
    s.later(3 * DAY);
    expect(await holdOverdue(s.parts)).toEqual([]);
    await s.receipts.note(named('F1'), receipt());
    expect(await holdOverdue(s.parts)).toEqual([{ destination: 'clinical', reason: 'not-acknowledged', deliveries: [delivery] }]);
    await s.receipts.note(named('F1'), receipt({ stage: 'business', reference: 'ACK' }));
    expect(await s.view(delivery)).toBe('confirmed');
  });

  it('holds the lane where that waits for the confirmation, and fetched late it waits on', async () => {
    const s = await site({ confirmedBy: 'business' }, true);
    const claim = await s.sent('F1');
    s.later(6 * DAY);
    await holdOverdue(s.parts);
    expect(await s.lane(claim)).toMatchObject({ phase: 4 });
    await s.receipts.note(named('F1'), receipt());
    expect(await s.lane(claim)).toMatchObject({ phase: 6, head: claim.delivery });
    await s.receipts.note(named('F1'), receipt({ stage: 'business', reference: 'ACK' }));
    expect(await s.lane(claim)).toMatchObject({ phase: 0, head: null });
  });

  it('a pair that no client takes out of its folder is held too', async () => {
    const s = await site({ confirmedBy: 'accepted', tracking: null });
    const { lane, delivery, token } = only(await s.claim(only(await s.file(await s.person()))));
    const written: HeadResult = { lane, delivery, token, kind: 'delivered', confirmed: false, receiptCode: 'file' };
    await s.lanes.turn(
      { ...s.outlet, far: { confirmedBy: 'accepted' } },
      { results: [written], again: false, claims: [], next: 0, probe: false },
    );
    expect(await s.store.database.query('select 1 from receipt')).toEqual([]);
    s.later(6 * DAY);
    expect(await holdOverdue(s.parts)).toMatchObject([{ reason: 'not-collected', deliveries: [delivery] }]);
    const [row] = await listDeliveries(s.store.database, { id: delivery });
    const name = { mailbox: 'main', farId: 'F1', transportKey: row?.transportKey ?? '' };
    await s.receipts.note(name, receipt({ stage: 'accepted', receiptCode: '00' }));
    expect(await s.view(delivery)).toBe('confirmed');
  });

  it('is not waited for where acceptance confirms', async () => {
    const s = await site({ confirmedBy: 'accepted' });
    await s.sent('F1');
    s.later(30 * DAY);
    expect(await holdOverdue(s.parts)).toEqual([]);
  });
});

describe('asking whether it was collected', () => {
  it('MESH rule 1.10: waits, then backs off, and ends when it was', async () => {
    const s = await site();
    const { delivery } = await s.sent('F1');
    await s.sent(null);
    expect(await s.receipts.awaited('main', 10)).toEqual([]);
    const looks: number[] = [];
    for (let minutes = 0; minutes <= 600; minutes += 10) {
      const due = await s.receipts.awaited('main', 10);
      if (due.length > 0) looks.push(minutes);
      for (const one of due) expect(one).toMatchObject({ id: delivery, farId: 'F1', waitsFor: 'downloaded' });
      s.later(10 * 60_000);
    }
    const pauses = looks.map((at, index) => at - (looks[index - 1] ?? 0));
    expect(pauses[0]).toBeGreaterThanOrEqual(30);
    expect(pauses.slice(1).every((pause, index) => pause >= (pauses.slice(1)[index - 1] ?? 0))).toBe(true);
    expect(looks.length).toBeLessThan(7);
    await s.receipts.note(named('F1'), receipt());
    s.later(DAY);
    expect(await s.receipts.awaited('main', 10)).toEqual([]);
  });

  it('asks for no more than wanted, oldest first, of this mailbox alone', async () => {
    const s = await site();
    const first = await s.sent('F1');
    await s.sent('F2');
    s.later(DAY);
    expect(await s.receipts.awaited('other', 10)).toEqual([]);
    expect((await s.receipts.awaited('main', 1)).map(({ id }) => id)).toEqual([first.delivery]);
    expect((await s.receipts.awaited('main', 10)).map(({ farId }) => farId)).toEqual(['F2']);
  });
});

it('many at once are as one: a receipt is noted once, a release files once, and a late look finds nothing to hold', async () => {
  const s = await site();
  const { delivery } = await s.sent('F1');
  const noted = await Promise.all(Array.from({ length: 8 }, () => s.receipts.note(named('F1'), notCollected)));
  expect(noted.filter((outcome) => outcome === 'noted')).toHaveLength(1);
  expect(noted.filter((outcome) => outcome === 'known')).toHaveLength(7);
  s.later(6 * DAY);
  const [released] = await Promise.all([
    Promise.all(Array.from({ length: 5 }, () => releaseDelivery(s.store.database, s.store.vault, delivery, nurse))),
    s.receipts.note(named('F1'), receipt()),
    holdOverdue(s.parts),
  ]);
  expect(released.filter(({ outcome }) => outcome === 'done').length).toBeLessThanOrEqual(1);
  const { deliveries, balances } = await s.balance();
  // Either the news came first and confirmed it, or the release and it is sent again.
  expect([deliveries, await s.view(delivery), balances]).toEqual(
    released.some(({ outcome }) => outcome === 'done') ? [2, 'withdrawn', true] : [1, 'confirmed', true],
  );
  expect((await s.lanes.checkLanes()).faults).toEqual([]);
});

it('a report keeps the message that brought it', async () => {
  const s = await site();
  await s.sent('F1');
  await s.receipts.note(named('F1'), { ...notCollected, messageId: brandAs<MessageId>(77) });
  expect(await s.store.database.query('select message_id as id from receipt where stage = 3')).toEqual([{ id: 77 }]);
});
