import type { DeliveryId, HoldId } from '../../../records/ids.ts';
import { PRIORITY } from '../../../records/states.ts';
import { delivered, failed, type LaneFixture, openLanes } from '../../support/lanes.ts';

let f: LaneFixture;
beforeAll(async () => {
  f = await openLanes();
});
afterAll(() => f.close());

const one = <T>(items: readonly T[]): T => {
  const [first] = items;
  if (first === undefined || items.length !== 1) throw new RangeError(`expected one, got ${items.length}`);
  return first;
};

describe('filing and claiming', () => {
  it('hints only the first delivery of a lane, and moves the next one up in filing order', async () => {
    const person = await f.person();
    const head = one(await f.file(person, {}, {}, {}));
    expect(await f.file(person)).toEqual([]);
    const first = one(await f.claim(head));
    const second = one((await f.turn({ results: [delivered(first)], next: 1 })).claimed);
    expect(second.delivery).toBe(first.delivery + 1);
    expect(second.token).toBe(first.token + 2);
    const third = one((await f.turn({ results: [delivered(second)] })).due);
    expect(third.delivery).toBe(second.delivery + 1);
    expect(await f.delivery(first.delivery)).toMatchObject({ state: 2, receipt_code: 'AA' });
  });

  it('gives a head to one claimant only', async () => {
    const head = one(await f.file(await f.person()));
    const claims = await Promise.all([f.claim(head), f.claim(head), f.claim(head)]);
    expect(claims.flat()).toHaveLength(1);
  });

  it('leaves a claim out whose head has moved on', async () => {
    const head = one(await f.file(await f.person(), {}, {}));
    const claim = one(await f.claim(head));
    await f.turn({ results: [delivered(claim)] });
    expect(await f.claim(head)).toEqual([]);
  });

  it('loads what was filed, and opens the same bytes', async () => {
    const head = one(await f.file(await f.person()));
    const claim = one(await f.claim(head));
    const loaded = one(await f.lanes.load([claim]));
    expect(loaded).toMatchObject({
      delivery: head.delivery,
      stale: false,
      movable: true,
      contentType: 'text/plain',
      destination: f.destination,
    });
    const outbound = await f.lanes.open(loaded);
    expect(outbound.bytes?.toString('utf8')).toBe(`payload ${loaded.transportKey}`);
    await f.turn({ results: [delivered(claim)] });
  });

  it('notices after the claim that the person changed since the route was decided', async () => {
    const person = await f.person();
    const head = one(await f.file(person));
    const claim = one(await f.claim(head));
    await f.store.database.query('update person set routing_version = routing_version + 1 where id = $1', [person]);
    expect(one(await f.lanes.load([claim])).stale).toBe(true);
  });
});

describe('A17: the priority of a lane', () => {
  it('is that of its head: an urgent one behind a routine one waits its turn, and is hinted as urgent then', async () => {
    const person = await f.person();
    const [head] = await f.file(person, { priority: PRIORITY.routine }, { priority: PRIORITY.urgent });
    if (head === undefined) throw new RangeError('no head');
    expect(head.priority).toBe(PRIORITY.routine);
    expect(await f.lane(head)).toMatchObject({ priority: PRIORITY.routine });
    const [claim] = await f.claim(head);
    if (claim === undefined) throw new RangeError('no claim');
    const { due } = await f.turn({ results: [delivered(claim)] });
    expect(due).toEqual([expect.objectContaining({ lane: head.lane, delivery: head.delivery + 1, priority: PRIORITY.urgent })]);
    expect(await f.lane(head)).toMatchObject({ head: head.delivery + 1, priority: PRIORITY.urgent });
  });
});

describe('results', () => {
  it('counts a result only under its token, and records a late one as an attempt', async () => {
    const head = one(await f.file(await f.person()));
    const claim = one(await f.claim(head));
    await f.store.database.query('update lane set claimed_until = now() - interval $$1 s$$ where id = $1', [head.lane]);
    const [due] = await f.lanes.expireClaims();
    expect(due).toMatchObject({ kind: 'due', delivery: head.delivery });
    const late = await f.turn({ results: [delivered(claim)] });
    expect(late.late).toHaveLength(1);
    expect(await f.delivery(head.delivery)).toMatchObject({ state: 0 });
    const attempts = await f.store.database.query<{ outcome: number }>('select outcome from attempt where delivery_id = $1 order by id', [
      head.delivery,
    ]);
    expect(attempts.map((a) => a.outcome)).toEqual([6, 5]);
    const again = one(await f.claim(head));
    await f.turn({ results: [delivered(again)] });
    expect(await f.delivery(head.delivery)).toMatchObject({ state: 2 });
  });

  it('keeps a transient failure at the head with a growing, jittered wait', async () => {
    const head = one(await f.file(await f.person(), {}, {}));
    let claim = one(await f.claim(head));
    const waits: number[] = [];
    for (let n = 0; n < 4; n++) {
      const outcome = await f.turn({ results: [failed(claim)] });
      waits.push(one(outcome.backoff).delayMs);
      expect(await f.claim(head)).toHaveLength(n === 0 && (waits[0] ?? 0) <= 1_000 ? 1 : 0);
      await f.store.database.query('update lane set next_at = now(), phase = 3 where id = $1', [head.lane]);
      claim = one(await f.claim(head));
    }
    waits.forEach((wait, n) => {
      expect(wait).toBeGreaterThanOrEqual(800 * 2 ** n);
      expect(wait).toBeLessThanOrEqual(1_200 * 2 ** n);
    });
    expect(claim.attempts).toBe(4);
    expect(await f.delivery(head.delivery)).toMatchObject({ sent_first: null });
  });

  it('holds a permanent failure and everything behind it, other lanes go on', async () => {
    const [mine, other] = [one(await f.file(await f.person(), {}, {})), one(await f.file(await f.person()))];
    const claims = await f.claim(mine, other);
    const results = claims.map((claim) =>
      claim.lane === mine.lane
        ? failed(claim, { outcome: 'permanent', code: 'answer-reject', sentBytes: true, receiptCode: 'AR', reply: Buffer.from('MSA|AR|') })
        : delivered(claim),
    );
    const outcome = await f.turn({ results, next: 8 });
    expect(one(outcome.held).hold).toEqual(expect.any(Number) as HoldId);
    expect(outcome.claimed).toEqual([]);
    expect(await f.lane(mine)).toMatchObject({ phase: 4 });
    expect(await f.lane(other)).toMatchObject({ phase: 0, head: null });
    const [hold] = await f.store.database.query('select reason, delivery_id from hold where lane_id = $1', [mine.lane]);
    expect(hold).toEqual({ reason: 'answer-reject', delivery_id: mine.delivery });
    const [attempt] = await f.store.database.query<{ detail: Buffer }>('select detail from attempt where delivery_id = $1', [
      mine.delivery,
    ]);
    expect(attempt?.detail.includes('MSA')).toBe(false);
  });

  it('sends an unknown outcome again where the receiver recognises duplicates', async () => {
    const head = one(await f.file(await f.person()));
    const claim = one(await f.claim(head));
    const outcome = await f.turn({ results: [failed(claim, { outcome: 'ambiguous', code: 'answer-timeout', sentBytes: true })] });
    expect(one(outcome.backoff).delivery).toBe(head.delivery);
    expect((await f.delivery(head.delivery)).sent_first).not.toBeNull();
    await f.store.database.query('update lane set next_at = now() where id = $1', [head.lane]);
    const again = one(await f.claim(head));
    expect(one(await f.lanes.load([again])).movable).toBe(false);
  });

  it('may move a delivery whose every attempt was turned away', async () => {
    const head = one(await f.file(await f.person()));
    const claim = one(await f.claim(head));
    await f.turn({ results: [failed(claim, { code: 'answer-busy', sentBytes: true, receiptCode: 'AR' })] });
    await f.store.database.query('update lane set next_at = now() where id = $1', [head.lane]);
    expect(one(await f.lanes.load([one(await f.claim(head))])).movable).toBe(true);
  });

  it('takes the same results twice when the first answer was lost', async () => {
    const head = one(await f.file(await f.person(), {}, {}));
    const claim = one(await f.claim(head));
    await f.turn({ results: [delivered(claim)] });
    const again = await f.turn({ results: [delivered(claim)], again: true });
    expect(again.late).toHaveLength(1);
    const attempts = await f.store.database.query('select 1 from attempt where delivery_id = $1', [head.delivery]);
    expect(attempts).toEqual([]);
  });

  it('gives back a claim that was never sent, without an attempt', async () => {
    const head = one(await f.file(await f.person()));
    const claim = one(await f.claim(head));
    const back = await f.turn({ results: [{ lane: claim.lane, delivery: claim.delivery, token: claim.token, kind: 'returned' }] });
    expect(one(back.due).delivery).toBe(head.delivery);
    expect(await f.lane(head)).toMatchObject({ phase: 1, attempts: 0 });
    expect((await f.turn({ results: [delivered(claim)] })).late).toHaveLength(1);
  });

  it('lets go of claims whose answer was lost', async () => {
    const head = one(await f.file(await f.person()));
    const known = one(await f.file(await f.person()));
    const claims = await f.claim(head, known);
    const others = (
      await f.store.database.query<{ head: DeliveryId }>('select head from lane where phase = 2 and id <> $1', [head.lane])
    ).map((row) => row.head);
    expect(await f.lanes.disown(f.destination, others)).toEqual([{ lane: head.lane, delivery: head.delivery, priority: 3 }]);
    expect(one(await f.claim(head)).delivery).toBe(head.delivery);
    expect((await f.turn({ results: claims.map((claim) => delivered(claim)) })).late).toHaveLength(1);
  });

  it('holds a head as poison after three claims that ran out', async () => {
    const head = one(await f.file(await f.person()));
    for (let n = 0; n < 3; n++) {
      expect(await f.claim(head)).toHaveLength(1);
      await f.store.database.query('update lane set claimed_until = now() - interval $$1 s$$ where id = $1', [head.lane]);
      await f.lanes.expireClaims();
    }
    expect(await f.lane(head)).toMatchObject({ phase: 4 });
    expect(await f.store.database.query('select reason from hold where delivery_id = $1', [head.delivery])).toEqual([{ reason: 'poison' }]);
  });
});

describe('pause and breaker', () => {
  it('claims nothing from a paused destination, and keeps its heads due', async () => {
    const head = one(await f.file(await f.person()));
    await f.store.database.query('update destination set paused = true where id = $1', [f.destination]);
    const outcome = await f.turn({ claims: [head] });
    expect(outcome).toMatchObject({ claimed: [], health: { paused: true } });
    await f.store.database.query('update destination set paused = false where id = $1', [f.destination]);
    expect(await f.claim(head)).toHaveLength(1);
  });

  it('opens after failures in a row, lets one daemon try, and closes when it works', async () => {
    const policy = { failures: 3, firstMs: 60_000, mostMs: 60_000 };
    await f.lanes.noteTransport(f.destination, 2, policy);
    expect((await f.lanes.health(f.destination)).breakerMs).toBeNull();
    await f.lanes.noteTransport(f.destination, 1, policy);
    const head = one(await f.file(await f.person()));
    expect(await f.claim(head)).toEqual([]);
    expect(await f.lanes.takeProbe(f.destination, 60_000)).toBe(false);
    await f.store.database.query('update destination set breaker_until = now() where id = $1', [f.destination]);
    expect(await f.claim(head)).toEqual([]);
    expect(await Promise.all([f.lanes.takeProbe(f.destination, 60_000), f.lanes.takeProbe(f.destination, 60_000)])).toEqual(
      expect.arrayContaining([true, false]),
    );
    const probe = one((await f.turn({ claims: [head], probe: true })).claimed);
    expect(probe.attempts).toBe(0);
    await f.turn({ results: [delivered(probe)] });
    expect(await f.lanes.noteTransport(f.destination, 0, policy)).toMatchObject({ closed: true, breakerMs: null, failures: 0 });
    expect(await f.lanes.noteTransport(f.destination, 0, policy)).toMatchObject({ closed: false });
  });
});

describe('lanes that do not follow from their deliveries', () => {
  it('are found and put right', async () => {
    const head = one(await f.file(await f.person(), {}, {}));
    expect((await f.lanes.checkLanes()).faults).toEqual([]);
    await f.store.database.query('update lane set head = null, phase = 0 where id = $1', [head.lane]);
    const check = await f.lanes.checkLanes();
    expect(check.faults).toEqual([{ lane: head.lane, fault: 'head' }]);
    expect(one(check.due).delivery).toBe(head.delivery as DeliveryId);
    expect((await f.lanes.checkLanes()).faults).toEqual([]);
  });

  it('leaves lanes in use alone when it tidies', async () => {
    const head = one(await f.file(await f.person()));
    await f.lanes.tidy();
    expect(await f.claim(head)).toHaveLength(1);
  });
});
