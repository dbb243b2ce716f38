import { Hints } from '../../queues/hints.ts';
import { BREAKER } from '../../queues/outlet.ts';
import { Sender } from '../../queues/sender.ts';
import { ThroughcareError } from '../../records/faults.ts';
import { brandAs, type DestinationName } from '../../records/ids.ts';
import type { HeadRef, LaneStore } from '../../records/lanes.ts';
import { silent } from '../../records/telemetry.ts';
import { TestReceiver } from '../support/delivery.ts';
import { eventually } from '../support/eventually.ts';
import { type LaneFixture, openLanes } from '../support/lanes.ts';

/** The sender on a real store whose answers get lost. */

let f: LaneFixture;
beforeEach(async () => {
  f = await openLanes();
});
afterEach(() => f.close());

/** Hints that go nowhere: what moves up must be found by the sender itself. */
const noHints = (): Hints => {
  const queue = { add: () => Promise.resolve(), addBulk: () => Promise.resolve([]) } as unknown as ConstructorParameters<
    typeof Hints
  >[0]['queue']; // two methods are used
  return new Hints({ name: 'clinical', queue, telemetry: silent, batchSize: () => 32, onLost: () => {} });
};

const senderOn = (lanes: LaneStore, receiver: TestReceiver): Sender =>
  new Sender({
    outlet: { ...f.outlet, name: brandAs<DestinationName>('clinical'), adapter: receiver, sendTimeoutMs: 5_000, breaker: BREAKER },
    lanes,
    recheck: () => Promise.resolve({ verdict: 'go' }),
    hints: noHints(),
    telemetry: silent,
    onHeads: () => {},
    onTurn: () => Promise.resolve(),
  });

const unanswered = (): Error => new ThroughcareError('store-unavailable', 'the answer was lost');

const fileLanes = async (count: number): Promise<HeadRef[]> => {
  const heads: HeadRef[] = [];
  for (let n = 0; n < count; n++) heads.push(...(await f.file(await f.person(), {}, {}, {})));
  return heads;
};
const waiting = async (): Promise<number> => (await f.store.database.query('select 1 from delivery where state = 0')).length;

describe('a sender whose store answers late or never', () => {
  it.each([
    ['after the commit', true],
    ['before it', false],
  ])('sends everything once although turns lose their answer %s', async (_when, committed) => {
    const receiver = new TestReceiver(3);
    let turns = 0;
    const sender = senderOn(
      {
        ...f.lanes,
        turn: async (outlet, turn) => {
          turns += 1;
          const lost = turns % 3 === 0;
          if (lost && !committed) throw unanswered();
          const outcome = await f.lanes.turn(outlet, turn);
          if (lost) throw unanswered();
          return outcome;
        },
      },
      receiver,
    );
    const heads = await fileLanes(5);
    // As a job would: offered again when the store did not answer.
    await Promise.all(
      heads.map(async (head) => {
        for (;;) {
          try {
            return await sender.offer([head], 3);
          } catch {
            await new Promise((resolve) => setTimeout(resolve, 20));
          }
        }
      }),
    );
    await eventually(
      async () => {
        // What moved up in a turn nobody heard of is found by reconcile.
        if (!sender.busy)
          await sender.offer(await f.lanes.due({ destination: f.destination, olderMs: 0, future: false }), 3).catch(() => {});
        return waiting();
      },
      (n) => n === 0,
    );
    expect(receiver.arrived).toHaveLength(15);
    expect(new Set(receiver.arrived.map((a) => a.key)).size).toBe(15);
    expect(await f.store.database.query('select * from attempt')).toEqual([]);
    expect((await f.lanes.checkLanes()).faults).toEqual([]);
    await sender.stop(1_000);
  });

  it('gives claims back that it could not load', async () => {
    const receiver = new TestReceiver();
    let loads = 0;
    const sender = senderOn(
      { ...f.lanes, load: (claims) => (loads++ === 0 ? Promise.reject(unanswered()) : f.lanes.load(claims)) },
      receiver,
    );
    const [head] = await fileLanes(1);
    if (head === undefined) throw new RangeError('no head');
    await sender.offer([head], 3);
    await eventually(waiting, (n) => n === 0);
    expect(receiver.arrived).toHaveLength(3);
    await sender.stop(1_000);
  });

  it('does not let one result the store refuses keep the others from being filed', async () => {
    const receiver = new TestReceiver(8);
    const heads = await fileLanes(6);
    const bad = heads[2]?.delivery;
    const sender = senderOn(
      {
        ...f.lanes,
        turn: (outlet, turn) =>
          turn.results.some((r) => r.delivery === bad)
            ? Promise.reject(new ThroughcareError('internal', 'refused'))
            : f.lanes.turn(outlet, turn),
      },
      receiver,
    );
    await sender.offer(heads, 3);
    await eventually(waiting, (n) => n === 3);
    expect(await f.store.database.query('select head from lane where head is not null')).toEqual([{ head: bad }]);
    await sender.stop(1_000);
  });

  it('does not begin to send under a claim that would run out', async () => {
    const receiver = new TestReceiver(1);
    receiver.answer = async () => {
      await new Promise((resolve) => setTimeout(resolve, 300));
      return { outcome: 'delivered', confirmed: true, receiptCode: 'AA' };
    };
    const sender = new Sender({
      outlet: {
        ...f.outlet,
        claimTtlMs: 1_000,
        name: brandAs<DestinationName>('clinical'),
        adapter: receiver,
        sendTimeoutMs: 500,
        breaker: BREAKER,
      },
      lanes: f.lanes,
      recheck: () => Promise.resolve({ verdict: 'go' }),
      hints: noHints(),
      telemetry: silent,
      onHeads: () => {},
      onTurn: () => Promise.resolve(),
    });
    const heads: HeadRef[] = [];
    for (let n = 0; n < 6; n++) heads.push(...(await f.file(await f.person())));
    await sender.offer(heads, 3);
    await eventually(waiting, (n) => n === 0);
    expect(receiver.arrived).toHaveLength(6);
    expect(await f.store.database.query('select * from attempt')).toEqual([]);
    await sender.stop(1_000);
  });
});
