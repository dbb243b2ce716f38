import type { PersonId } from '../../records/ids.ts';
import { PRIORITY, type Priority } from '../../records/states.ts';
import { silent, type Telemetry } from '../../records/telemetry.ts';
import { type BackendKind, type DeliveryFixture, openDelivery, TestReceiver } from '../support/delivery.ts';
import { eventually } from '../support/eventually.ts';
import { makePersons } from '../support/lanes.ts';

/**
 * A destination is away for three days. Time is moved in the database, which is where it counts; the queue backend is emptied and the
 * daemon started anew meanwhile, so nothing may rest on what they remember.
 */

const HOURS = 72;
const STEP = 6;
const LANES = 60;
const PRIORITIES: readonly Priority[] = [PRIORITY.routine, PRIORITY.high, PRIORITY.urgent];

/** The warnings of all daemons together: what on-call is told. */
const alarms = (): { readonly told: string[]; readonly telemetry: Telemetry } => {
  const told: string[] = [];
  return {
    told,
    telemetry: { ...silent, warn: (name) => told.push(name), event: (name) => (name.startsWith('destination.down') ? told.push(name) : 0) },
  };
};

describe.each<BackendKind>(['postgres', 'redis'])('★ an outage of 72 hours, hints in %s', (kind) => {
  let f: DeliveryFixture;
  const { told, telemetry } = alarms();
  beforeEach(async () => {
    told.length = 0;
    // MESH: sent once, never blindly again.
    f = await openDelivery(kind, { dedupable: false }, telemetry);
  });
  afterEach(() => f.close());

  /** So many hours go by for everything that is stored. */
  const pass = async (hours: number): Promise<void> => {
    for (const [table, columns] of [
      ['lane', ['since', 'next_at', 'claimed_until']],
      ['delivery', ['filed', 'sent_first']],
      ['destination', ['breaker_until']],
      ['attempt', ['at']],
    ] as const)
      for (const column of columns)
        await f.store.database.query(`update ${table} set ${column} = ${column} - $1 * interval '1 hour' where ${column} is not null`, [
          hours,
        ]);
  };
  const attempts = async (): Promise<number> =>
    (await f.store.database.query<{ n: number }>('select count(*)::int as n from attempt'))[0]?.n ?? 0;

  it('keeps the backlog, tells on-call once, and drains by clinical priority, then age', async () => {
    const persons = await makePersons(f.store.database, LANES);
    const personOf = (n: number): PersonId => {
      const found = persons[n];
      if (found === undefined) throw new RangeError('no person');
      return found;
    };
    const receiver = new TestReceiver(1, false);
    const pace = { breaker: { failures: 3, firstMs: 20, mostMs: 60 }, retry: { firstMs: 20, mostMs: 300_000, factor: 3 } };
    receiver.answer = () => ({ outcome: 'transient', code: 'mesh-unavailable', sentBytes: false, transport: true });
    let service = await f.start(receiver, pace, { telemetry });

    let filed = 0;
    const file = async (count: number): Promise<void> => {
      for (let n = 0; n < count; n++, filed++)
        await f.fileAndHint(service, personOf(filed), { priority: PRIORITIES[filed % 3] ?? PRIORITY.routine });
    };
    await file(LANES / 2);
    await eventually(
      () => told,
      (all) => all.includes('destination.down'),
      { what: 'the alarm' },
    );
    for (let hours = 0; hours < HOURS; hours += STEP) {
      const before = await attempts();
      await pass(STEP);
      if (hours === 24) await f.wipe();
      if (hours === 36) {
        await service.stop(5_000);
        service = await f.start(receiver, pace, { telemetry });
      }
      if (hours === 48) await file(LANES / 2);
      // It is tried again and again, one head at a time.
      await eventually(attempts, (now) => now > before, { what: 'another trial' });
    }
    expect(await f.states()).toEqual({ 0: LANES });
    expect(told.filter((name) => name.startsWith('destination.'))).toEqual(['destination.down']);

    receiver.arrived.length = 0;
    const order: { priority: number; id: number }[] = [];
    const priorities = new Map(
      (await f.store.database.query<{ id: number; priority: number }>('select id, priority from delivery')).map((row) => [
        row.id,
        row.priority,
      ]),
    );
    receiver.answer = ({ id }) => {
      order.push({ priority: priorities.get(id) ?? 0, id });
      return { outcome: 'delivered', confirmed: true, receiptCode: '202' };
    };
    await eventually(
      () => f.states(),
      (states) => states['2'] === LANES,
      { within: 30_000, what: 'the backlog sent' },
    );
    expect(order).toHaveLength(LANES);
    // The first is the trial, of the most urgent. A hint that came in the very moment may be next; then all by priority, and by age within one.
    expect(order[0]?.priority).toBe(PRIORITY.urgent);
    const rest = order.slice(4);
    expect(rest).toEqual([...rest].sort((a, b) => a.priority - b.priority || a.id - b.id));
    expect(told.filter((name) => name.startsWith('destination.'))).toEqual(['destination.down', 'destination.down.cleared']);
  }, 90_000);

  it('a few lanes that all wait for their own time are no end of the outage', async () => {
    const [only] = await makePersons(f.store.database, 1);
    if (only === undefined) throw new RangeError('no person');
    const receiver = new TestReceiver(1, false);
    receiver.answer = () => ({ outcome: 'transient', code: 'mesh-unavailable', sentBytes: false, transport: true });
    const service = await f.start(
      receiver,
      { breaker: { failures: 2, firstMs: 20, mostMs: 40 }, retry: { firstMs: 10, mostMs: 600, factor: 8 }, sendTimeoutMs: 100 },
      { telemetry },
    );
    await f.fileAndHint(service, only);
    await eventually(attempts, (now) => now >= 4, { within: 60_000, what: 'several trials' });
    expect(told.filter((name) => name.startsWith('destination.'))).toEqual(['destination.down']);
  }, 90_000);

  it('a trial whose head is not sent after all goes on to the next at once', async () => {
    const persons = await makePersons(f.store.database, 8);
    const receiver = new TestReceiver(1, false);
    receiver.answer = () => ({ outcome: 'transient', code: 'mesh-unavailable', sentBytes: false, transport: true });
    // A trial's whole time for each would be minutes.
    const service = await f.start(
      receiver,
      { breaker: { failures: 2, firstMs: 20, mostMs: 40 }, retry: { firstMs: 10, mostMs: 20, factor: 1 }, sendTimeoutMs: 20_000 },
      { telemetry, recheck: () => Promise.resolve({ verdict: 'held', code: 'recipient-unknown' }) },
    );
    const [last, ...others] = persons;
    for (const person of others) await f.fileAndHint(service, person);
    await eventually(
      () => told,
      (all) => all.includes('destination.down'),
      { what: 'the alarm' },
    );
    await f.store.database.query('update delivery set decided_version = -1 where state = 0');
    if (last !== undefined) await f.fileAndHint(service, last);
    receiver.answer = () => ({ outcome: 'delivered', confirmed: true, receiptCode: '202' });
    await eventually(
      () => told,
      (all) => all.includes('destination.down.cleared'),
      { within: 45_000, what: 'the end of the outage' },
    );
  }, 90_000);
});
