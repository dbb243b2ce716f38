import type { DestinationName } from '../../../records/ids.ts';
import { brandAs } from '../../../records/ids.ts';
import { confirmDelivery, pauseDestination, releaseDelivery, resumeDestination, withdrawDelivery } from '../../../store/lanes/operator.ts';
import { listAttempts, listDeliveries, listDestinations, listHolds } from '../../../store/lanes/views.ts';
import { delivered, failed, type LaneFixture, openLanes } from '../../support/lanes.ts';

let f: LaneFixture;
beforeAll(async () => {
  f = await openLanes({ advanceConfirmed: true, name: brandAs<DestinationName>('confirming') });
});
afterAll(() => f.close());

const only = <T>(items: readonly T[]): T => {
  const [first] = items;
  if (first === undefined || items.length !== 1) throw new RangeError(`expected one, got ${items.length}`);
  return first;
};
const nurse = { who: 'on-call', why: 'Grace Hopwood at the practice asked for it' };

const heldHead = async () => {
  const head = only(await f.file(await f.person(), {}, {}));
  const claim = only(await f.claim(head));
  await f.turn({ results: [failed(claim, { outcome: 'permanent', code: 'answer-reject', sentBytes: true, receiptCode: 'AR' })] });
  return { head, claim };
};

describe('an operator', () => {
  it('releases a held head once, however often the button is pressed', async () => {
    const { head } = await heldHead();
    const row = only(await listDeliveries(f.store.database, { id: head.delivery }));
    expect(row).toMatchObject({ view: 'held', isHead: true, lastCode: 'answer-reject' });
    const press = () => releaseDelivery(f.store.database, f.store.vault, head.delivery, nurse, row.token);
    const [first, second] = [await press(), await press()];
    expect(first.outcome).toBe('done');
    expect(only(first.heads)).toMatchObject({ lane: head.lane, delivery: head.delivery });
    expect(second).toMatchObject({ outcome: 'already', heads: [] });
    expect(await listHolds(f.store.database, { open: true })).toEqual([]);
    expect(await f.store.database.query('select 1 from audit where subject = $1', [`delivery ${head.delivery}`])).toHaveLength(1);
  });

  it('keeps the reason sealed', async () => {
    const rows = await f.store.database.query<{ why: Buffer; key_id: number; action: string; subject: string }>(
      'select why, key_id, action, subject from audit',
    );
    for (const row of rows) {
      expect(row.why.includes('Hopwood')).toBe(false);
      expect(f.store.vault.unseal(row.key_id, row.why, `audit:${row.action}:${row.subject}`).toString('utf8')).toBe(nurse.why);
    }
    expect(rows.length).toBeGreaterThan(0);
  });

  it('skips a held head, and the lane goes on', async () => {
    const { head } = await heldHead();
    const hold = only(await listHolds(f.store.database, { open: true }));
    expect(hold).toMatchObject({ kind: 'delivery', reason: 'answer-reject', waitingBehind: 1, delivery: head.delivery });
    const skipped = await withdrawDelivery(f.store.database, f.store.vault, head.delivery, 'skipped', nurse);
    expect(only(skipped.heads).delivery).toBe(head.delivery + 1);
    expect(only(await listDeliveries(f.store.database, { id: head.delivery }))).toMatchObject({ view: 'withdrawn', withdrawn: 'skipped' });
    expect(only(await listHolds(f.store.database, { id: hold.id }))).toMatchObject({ done: 'withdrawn', doneBy: 'on-call' });
    expect((await withdrawDelivery(f.store.database, f.store.vault, head.delivery, 'skipped', nurse)).outcome).toBe('already');
  });

  it('cannot take back what is being sent', async () => {
    const head = only(await f.file(await f.person(), {}));
    const claim = only(await f.claim(head));
    expect((await withdrawDelivery(f.store.database, f.store.vault, head.delivery, 'operator', nurse)).outcome).toBe('being-sent');
    expect((await releaseDelivery(f.store.database, f.store.vault, head.delivery, nurse)).outcome).toBe('being-sent');
    expect(only(await listDeliveries(f.store.database, { id: head.delivery })).view).toBe('sending');
    await f.turn({ results: [delivered(claim)] });
  });

  it('withdraws one that waits behind the head without touching the lane', async () => {
    const head = only(await f.file(await f.person(), {}, {}, {}));
    const middle = brandAs<typeof head.delivery>(head.delivery + 1);
    expect(await withdrawDelivery(f.store.database, f.store.vault, middle, 'operator', nurse)).toMatchObject({
      outcome: 'done',
      heads: [],
    });
    const claim = only(await f.claim(head));
    expect(only((await f.turn({ results: [delivered(claim)] })).due).delivery).toBe(head.delivery + 2);
  });
});

describe('a destination that advances at confirmation', () => {
  it('keeps its head until the receiver confirms', async () => {
    const head = only(await f.file(await f.person(), {}, {}));
    const claim = only(await f.claim(head));
    const outcome = await f.turn({ results: [delivered(claim, false)], next: 4 });
    expect(outcome).toMatchObject({ claimed: [], due: [] });
    expect(outcome.confirming).toHaveLength(1);
    expect(only(await listDeliveries(f.store.database, { id: head.delivery })).view).toBe('handed-over');
    expect((await f.lanes.checkLanes()).faults).toEqual([]);
    const confirmed = await confirmDelivery(f.store.database, f.store.vault, head.delivery, 'AA');
    expect(only(confirmed.heads).delivery).toBe(head.delivery + 1);
    expect((await confirmDelivery(f.store.database, f.store.vault, head.delivery, 'AA')).outcome).toBe('already');
    expect(only(await listDeliveries(f.store.database, { id: head.delivery })).view).toBe('confirmed');
  });

  it('takes a confirmation as proof that an unresolved delivery arrived', async () => {
    const head = only(await f.file(await f.person()));
    const claim = only(await f.claim(head));
    await f.turn({ results: [failed(claim, { outcome: 'ambiguous', code: 'answer-timeout', sentBytes: true })] });
    expect((await confirmDelivery(f.store.database, f.store.vault, head.delivery, 'AA')).outcome).toBe('done');
    expect(await f.lane(head)).toMatchObject({ phase: 0, head: null });
  });

  it('takes no confirmation of what was never sent', async () => {
    const head = only(await f.file(await f.person()));
    expect((await confirmDelivery(f.store.database, f.store.vault, head.delivery, 'AA')).outcome).toBe('not-possible');
  });
});

describe('reading', () => {
  it('pauses and resumes by name, and shows it', async () => {
    const name = brandAs<DestinationName>('confirming');
    expect(await pauseDestination(f.store.database, f.store.vault, name, nurse)).toBe(true);
    expect(await pauseDestination(f.store.database, f.store.vault, name, nurse)).toBe(false);
    expect(only(await listDestinations(f.store.database))).toMatchObject({ name, paused: true, transport: 'mllp' });
    expect(await resumeDestination(f.store.database, f.store.vault, name, nurse)).toBe(true);
  });

  it('lists deliveries by what they are doing, newest first, page by page', async () => {
    const { head } = await heldHead();
    const held = await listDeliveries(f.store.database, { view: 'held' });
    expect(held.map((row) => row.id)).toEqual([head.delivery]);
    const waiting = await listDeliveries(f.store.database, { view: 'waiting', limit: 2 });
    expect(waiting[0]?.id).toBe(head.delivery + 1);
    const older = await listDeliveries(f.store.database, { view: 'waiting', before: waiting.at(-1)?.id ?? head.delivery });
    expect(older.every((row) => row.id < (waiting.at(-1)?.id ?? 0))).toBe(true);
    expect(await listAttempts(f.store.database, head.delivery)).toMatchObject([
      { code: 'answer-reject', receiptCode: 'AR', sentBytes: true },
    ]);
  });
});
