import type { MessageId } from '../../records/ids.ts';
import { brandAs, type DeliveryId, type DestinationName, type HoldId } from '../../records/ids.ts';
import { eventually } from '../support/eventually.ts';
import { movement, report, somebody } from '../support/example-messages.ts';
import { BY, ExampleSite } from '../support/example-site.ts';
import { fieldOf } from '../support/mllp-bytes.ts';

/** The operator's verbs on a running daemon. After each, both conservation lines balance. */

let site: ExampleSite;
beforeAll(async () => {
  site = await ExampleSite.open();
});
afterAll(() => site.close());
beforeEach(() => {
  site.receivers.leeds.script = () => ({ do: 'answer' });
});
afterEach(() => site.balance());

const DONE = { outcome: 'done' };
const valuesAtLeeds = (among: readonly string[]): readonly string[] =>
  site.receivers.leeds.received.map(({ bytes }) => fieldOf(bytes, 'OBX', 5)).filter((value) => among.includes(value));

/** A patient at Leeds whose three results wait, the first of them refused. */
const refusedFirst = async (n: number, values: readonly string[]): Promise<readonly MessageId[]> => {
  const who = somebody(n);
  const reception = await site.take('prison-adt', movement('A01', who));
  await site.deliveriesBecome(reception.id, ['confirmed']);
  site.receivers.leeds.script = ({ bytes }) => ({ do: 'answer', code: fieldOf(bytes, 'OBX', 5) === values[0] ? 'AE' : 'AA' });
  const ids: MessageId[] = [];
  for (const value of values) ids.push((await site.take('pathology', report(who, { value }))).id);
  await site.deliveriesBecome(first(ids), ['held']);
  return ids;
};
const first = <T>(list: readonly T[]): T => {
  const [one] = list;
  if (one === undefined) throw new Error('the list is empty');
  return one;
};
const deliveryOf = async (id: MessageId) => first(await site.deliveries(id));

describe('a held delivery', () => {
  it('holds its lane; `delivery retry` sends it, and the others follow in their order', async () => {
    const values = ['211', '212', '213'];
    const ids = await refusedFirst(41, values);
    const head = await deliveryOf(first(ids));
    const [hold] = await site.daemon.operations.listHolds({ code: 'answer-error', all: false, limit: 10 });
    expect(hold).toMatchObject({ delivery: head.id, destination: 'leeds-clinical' });
    expect((await site.daemon.operations.showHold(hold?.id ?? brandAs<HoldId>(0)))?.waitingBehind).toBe(2);
    expect((await site.balance()).lines[1]).toMatch(/held 1 .* waiting 2 /);

    site.receivers.leeds.script = () => ({ do: 'answer' });
    expect(await site.daemon.operations.retryDelivery(head.id, BY)).toEqual(DONE);
    for (const id of ids) await site.deliveriesBecome(id, ['confirmed']);
    expect(valuesAtLeeds(values)).toEqual(['211', ...values]);
    expect(await site.daemon.operations.listHolds({ code: 'answer-error', all: false, limit: 10 })).toEqual([]);
    expect(await site.daemon.operations.retryDelivery(head.id, BY)).toEqual({ outcome: 'refused', why: 'not-waiting' });
    await site.settled();
  });

  it('`delivery skip` lets the lane go on without it', async () => {
    const values = ['221', '222'];
    const ids = await refusedFirst(42, values);
    const head = await deliveryOf(first(ids));
    expect(await site.daemon.operations.skipDelivery(head.id, BY)).toEqual(DONE);
    expect(await deliveryOf(first(ids))).toMatchObject({ state: 'withdrawn', withdrawn: 'skipped' });
    await site.deliveriesBecome(ids[1] ?? first(ids), ['confirmed']);
    expect(valuesAtLeeds(values)).toEqual(values);
    await site.settled();
  });

  it('`delivery withdraw` takes one out of the middle; those around it keep their order', async () => {
    const values = ['231', '232', '233'];
    const ids = await refusedFirst(43, values);
    const middle = await deliveryOf(ids[1] ?? first(ids));
    // Only the first of a lane can be tried again.
    expect(await site.daemon.operations.retryDelivery(middle.id, BY)).toEqual({ outcome: 'refused', why: 'not-the-head' });
    expect(await site.daemon.operations.withdrawDelivery(middle.id, BY)).toEqual(DONE);
    site.receivers.leeds.script = () => ({ do: 'answer' });
    expect(await site.daemon.operations.retryDelivery((await deliveryOf(first(ids))).id, BY)).toEqual(DONE);
    await site.deliveriesBecome(ids[2] ?? first(ids), ['confirmed']);
    expect(await deliveryOf(ids[1] ?? first(ids))).toMatchObject({ state: 'withdrawn', withdrawn: 'operator' });
    expect(valuesAtLeeds(values)).toEqual(['231', '231', '233']);
    await site.settled();
  });

  it('`hold release` and `hold withdraw` of its hold do as retry and withdraw do', async () => {
    for (const [n, values, verb] of [
      [44, ['241', '242'], 'releaseHold'],
      [45, ['251', '252'], 'withdrawHold'],
    ] as const) {
      const ids = await refusedFirst(n, values);
      const hold = first(await site.daemon.operations.listHolds({ code: 'answer-error', all: false, limit: 10 }));
      site.receivers.leeds.script = () => ({ do: 'answer' });
      expect(await site.daemon.operations[verb](hold.id, BY)).toEqual(DONE);
      await site.deliveriesBecome(first(ids), [verb === 'releaseHold' ? 'confirmed' : 'withdrawn']);
      await site.deliveriesBecome(ids[1] ?? first(ids), ['confirmed']);
      await site.settled();
      expect(await site.daemon.operations.showHold(hold.id)).toMatchObject({ closedBy: BY.by, closedWhy: BY.reason });
    }
  });

  it('stalls no other patient', async () => {
    await refusedFirst(46, ['261']);
    const reception = await site.take('prison-adt', movement('A01', somebody(47)));
    await site.deliveriesBecome(reception.id, ['confirmed']);
    await site.daemon.operations.skipDelivery(first(await site.daemon.operations.listDeliveries({ state: 'held', limit: 1 })).id, BY);
    await site.settled();
  });
});

describe('a message hold', () => {
  it('`hold withdraw` leaves the message ignored, with the operator as its rule', async () => {
    const held = await site.take('pathology', report(somebody(48), { value: '281' }));
    expect(held).toMatchObject({ state: 'held', reason: 'location-unknown' });
    const hold = first(await site.holds(held.id));
    expect(await site.daemon.operations.withdrawHold(hold.id, BY)).toEqual(DONE);
    await eventually(
      () => site.message(held.id),
      ({ state }) => state === 'ignored',
    );
    expect(await site.deliveries(held.id)).toEqual([]);
    expect(await site.daemon.operations.releaseHold(hold.id, BY)).toEqual({ outcome: 'refused', why: 'already-closed' });
    await site.settled();
  });
});

describe('a paused destination', () => {
  it('gets nothing, however long; resumed, it gets all in order; others go on', async () => {
    const values = ['291', '292', '293'];
    const who = somebody(49);
    const reception = await site.take('prison-adt', movement('A01', who));
    await site.deliveriesBecome(reception.id, ['confirmed']);
    expect(await site.pause('leeds-clinical')).toEqual(DONE);
    expect(await site.pause('leeds-clinical')).toEqual({ outcome: 'refused', why: 'already-paused' });
    const ids: MessageId[] = [];
    for (const value of values) ids.push((await site.take('pathology', report(who, { value }))).id);
    const elsewhere = await site.take('prison-adt', movement('A01', somebody(50), { place: 'MDI' }));
    await site.deliveriesBecome(elsewhere.id, ['confirmed']);
    for (const id of ids) expect((await deliveryOf(id)).state).toBe('waiting');
    expect(valuesAtLeeds(values)).toEqual([]);
    expect((await site.balance()).settled).toBe(false);

    expect(await site.resume('leeds-clinical')).toEqual(DONE);
    expect(await site.resume('leeds-clinical')).toEqual({ outcome: 'refused', why: 'not-paused' });
    for (const id of ids) await site.deliveriesBecome(id, ['confirmed']);
    expect(valuesAtLeeds(values)).toEqual(values);
    await site.settled();
  });
});

describe('what is not there', () => {
  it('is said to be unknown, and nothing is changed', async () => {
    const { operations } = site.daemon;
    const before = await site.settled();
    const [delivery, hold] = [brandAs<DeliveryId>(999_999), brandAs<HoldId>(999_999)];
    expect(await operations.retryDelivery(delivery, BY)).toEqual({ outcome: 'unknown' });
    expect(await operations.skipDelivery(delivery, BY)).toEqual({ outcome: 'unknown' });
    expect(await operations.withdrawDelivery(delivery, BY)).toEqual({ outcome: 'unknown' });
    expect(await operations.releaseHold(hold, BY)).toEqual({ outcome: 'unknown' });
    expect(await operations.withdrawHold(hold, BY)).toEqual({ outcome: 'unknown' });
    expect(await operations.pauseDestination(brandAs<DestinationName>('nowhere'), BY)).toEqual({ outcome: 'unknown' });
    expect(await operations.showHold(hold)).toBeNull();
    expect(await site.settled()).toEqual(before);
  });
});
