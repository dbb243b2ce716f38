import { spawnSync } from 'node:child_process';
import { Queue, Worker } from 'bullmq';
import fastify from 'fastify';
import type { HintQueue, HintWorker } from '../../queues/backend.ts';
import { BOARD_PATH } from '../../queues/board.ts';
import type { DeliveryService } from '../../queues/delivery-service.ts';
import { openBackend } from '../../queues/open-backend.ts';
import type { Recheck } from '../../queues/outlet.ts';
import type { PersonId } from '../../records/ids.ts';
import { silent } from '../../records/telemetry.ts';
import { releaseDelivery } from '../../store/lanes/operator.ts';
import { refile } from '../../store/lanes/refile.ts';
import { retryTransaction } from '../../store/retry.ts';
import { type BackendKind, type DeliveryFixture, headOf, openDelivery, TestReceiver } from '../support/delivery.ts';
import { eventually } from '../support/eventually.ts';
import { enterTestDaemon, fileAll, filing, makePersons } from '../support/lanes.ts';

const WAITING = '0';
const CONFIRMED = '2';

describe.each<BackendKind>(['postgres', 'redis'])('delivery with hints in %s', (kind) => {
  let f: DeliveryFixture;
  let persons: PersonId[];
  beforeEach(async () => {
    f = await openDelivery(kind);
    persons = await makePersons(f.store.database, 20);
  });
  afterEach(() => f.close());

  const person = (n: number): PersonId => {
    const found = persons[n % persons.length];
    if (found === undefined) throw new RangeError('no person');
    return found;
  };
  const allDelivered = (count: number, within = 20_000): Promise<unknown> =>
    eventually(
      () => f.states(),
      (states) => states[CONFIRMED] === count,
      { within, what: `${count} deliveries` },
    );

  const jobsFailed = async (service: DeliveryService): Promise<unknown[]> => {
    const server = fastify();
    await server.register(service.board.plugin, { prefix: BOARD_PATH });
    const board = await eventually(
      async () => (await server.inject(`${BOARD_PATH}/api/queues?activeQueue=clinical&status=failed`)).json(),
      (answer) => answer.queues[0].jobs.length > 0,
    );
    expect((await server.inject({ method: 'PUT', url: `${BOARD_PATH}/api/queues/clinical/pause` })).statusCode).toBe(405);
    await server.close();
    return board.queues[0].jobs.map((job: { failedReason: string }) => job.failedReason);
  };

  it('sends every lane in the order it was filed, within its slots', async () => {
    const receiver = new TestReceiver(3);
    const service = await f.start(receiver);
    for (let n = 0; n < 100; n++) await f.fileAndHint(service, person(n), {}, {});
    await allDelivered(200);
    expect(receiver.arrived).toHaveLength(200);
    expect(receiver.mostInFlight).toBeLessThanOrEqual(3);
    const sent = new Map<number, string[]>();
    for (const { lane, key } of receiver.arrived) sent.set(lane, [...(sent.get(lane) ?? []), key]);
    const filed = await f.store.database.query<{ lane_id: number; keys: string[] }>(
      'select lane_id, array_agg(transport_key order by id) keys from delivery group by lane_id',
    );
    for (const { lane_id, keys } of filed) expect(sent.get(lane_id)).toEqual(keys);
  });

  it('shares the work between two daemons without sending anything twice', async () => {
    const receivers = [new TestReceiver(2), new TestReceiver(2)];
    const services = await Promise.all(receivers.map((receiver) => f.start(receiver)));
    for (let n = 0; n < 200; n++) {
      const service = services[n % 2];
      if (service !== undefined) await f.fileAndHint(service, person(n));
    }
    await allDelivered(200);
    expect(new Set(receivers.flatMap((r) => r.arrived.map((a) => a.key))).size).toBe(200);
    expect(receivers.flatMap((r) => r.arrived)).toHaveLength(200);
  });

  it('lets a sending that goes on outlast its claim’s time, and nobody else takes it meanwhile', async () => {
    const receivers = [new TestReceiver(1, false), new TestReceiver(1, false)];
    const ends = Promise.all(
      receivers.map(async (receiver) => {
        receiver.answer = async (_delivery, deadline, goesOn) => {
          // Five times the claim's time.
          for (let n = 0; n < 200 && !deadline.aborted; n += 1) {
            await new Promise((resolve) => setTimeout(resolve, 25));
            goesOn();
          }
          return deadline.aborted
            ? { outcome: 'ambiguous', code: 'mesh-unknown', sentBytes: true, transport: true }
            : { outcome: 'delivered', confirmed: true, receiptCode: '202' };
        };
        return f.start(receiver, { claimTtlMs: 1_000, sendTimeoutMs: 600 });
      }),
    );
    const [service] = await ends;
    if (service !== undefined) await f.fileAndHint(service, person(0));
    await allDelivered(1);
    expect(receivers.flatMap((r) => r.arrived)).toHaveLength(1);
    expect(await f.store.database.query('select 1 from attempt where outcome <> 1')).toEqual([]);
  });

  it('tries a transient failure again on its own, without holding up other lanes', async () => {
    const receiver = new TestReceiver(2);
    const service = await f.start(receiver, {
      retry: { firstMs: 300, mostMs: 300, factor: 1 },
      breaker: { failures: 1_000, firstMs: 1, mostMs: 1 },
    });
    let refusals = 2;
    const unlucky = headOf(await f.fileAndHint(service, person(0), {}, {}));
    receiver.answer = (delivery) =>
      delivery.id === unlucky.delivery && refusals-- > 0
        ? { outcome: 'transient', code: 'answer-busy', sentBytes: true, receiptCode: 'AR', transport: false }
        : { outcome: 'delivered', confirmed: true, receiptCode: 'AA' };
    for (let n = 1; n < 10; n++) await f.fileAndHint(service, person(n));
    await allDelivered(11);
    const sends = receiver.arrived.filter((a) => a.lane === unlucky.lane);
    expect(sends.map((s) => s.key).slice(0, 3)).toEqual([sends[0]?.key, sends[0]?.key, sends[0]?.key]);
    expect(sends).toHaveLength(4);
  });

  it('goes on after all hints were wiped, back-offs included (ruling A19)', async () => {
    const receiver = new TestReceiver(2);
    let open = false;
    receiver.answer = () =>
      open
        ? { outcome: 'delivered', confirmed: true, receiptCode: 'AA' }
        : { outcome: 'transient', code: 'answer-busy', sentBytes: true, receiptCode: 'AR', transport: false };
    const service = await f.start(receiver, { retry: { firstMs: 3_000, mostMs: 3_000, factor: 1 } });
    for (let n = 0; n < 10; n++) await f.fileAndHint(service, person(n));
    await eventually(
      () => receiver.arrived.length,
      (n) => n === 10,
    );
    await f.wipe();
    open = true;
    await allDelivered(10);
    for (let n = 0; n < 5; n++) await f.fileAndHint(service, person(n));
    await allDelivered(15);
  });

  it('sends nothing while a destination is paused, and everything once it is resumed', async () => {
    const receiver = new TestReceiver(2);
    const service = await f.start(receiver);
    await f.store.database.query('update destination set paused = true');
    await new Promise((resolve) => setTimeout(resolve, 500));
    for (let n = 0; n < 10; n++) await f.fileAndHint(service, person(n));
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(receiver.arrived).toEqual([]);
    expect(await f.states()).toEqual({ [WAITING]: 10 });
    await f.store.database.query('update destination set paused = false');
    await allDelivered(10);
  });

  it('stops trying a dead host without using up attempts, and sends all when it is back', async () => {
    const receiver = new TestReceiver(4);
    let up = false;
    let trials = 0;
    /** How many trials there had been when each attempt was made. */
    const attempts: number[] = [];
    receiver.answer = () => {
      attempts.push(trials);
      return up
        ? { outcome: 'delivered', confirmed: true, receiptCode: 'AA' }
        : { outcome: 'transient', code: 'connection-refused', sentBytes: false, transport: true };
    };
    const service = await f.start(
      receiver,
      { retry: { firstMs: 60_000, mostMs: 60_000, factor: 1 }, breaker: { failures: 3, firstMs: 100, mostMs: 100 } },
      {
        telemetry: {
          ...silent,
          event: (name) => {
            if (name === 'breaker-trial') trials += 1;
          },
        },
      },
    );
    for (let n = 0; n < 20; n++) await f.fileAndHint(service, person(n));
    await eventually(
      () => trials,
      (count) => count >= 4,
    );
    // Once the breaker is open every attempt is a trial, and every trial is one attempt.
    const untried = attempts.filter((before) => before === 0).length;
    expect(untried).toBeLessThan(15);
    for (const trial of [1, 2, 3]) expect(attempts.filter((before) => before === trial)).toHaveLength(1);
    up = true;
    const touched = (await f.store.database.query<{ n: number }>('select count(*) n from lane where phase = 3'))[0]?.n ?? 0;
    await eventually(
      () => f.states(),
      (states) => (states[CONFIRMED] ?? 0) >= 20 - touched,
    );
    await f.store.database.query('update lane set next_at = now() where phase = 3');
    await service.reconcile('asked');
    await allDelivered(20);
  });

  it('holds a permanent failure, shows it as a failed job, and sends it when a person releases it', async () => {
    const receiver = new TestReceiver(2);
    receiver.answer = () => ({ outcome: 'permanent', code: 'answer-reject', sentBytes: true, receiptCode: 'AR', transport: false });
    const service = await f.start(receiver);
    const head = headOf(await f.fileAndHint(service, person(0)));
    await eventually(
      () => f.lane(head),
      (lane) => lane.phase === 4,
    );
    expect(await f.store.database.query('select reason from hold where done is null')).toEqual([{ reason: 'answer-reject' }]);
    expect(new Set(await jobsFailed(service))).toEqual(new Set(['answer-reject']));
    receiver.answer = () => ({ outcome: 'delivered', confirmed: true, receiptCode: 'AA' });
    service.hint((await releaseDelivery(f.store.database, f.store.vault, head.delivery, { who: 'on-call', why: 'corrected' })).heads);
    await allDelivered(1);
  });

  it('sends soon what a person freed from the command line, where no daemon was told', async () => {
    const receiver = new TestReceiver(2);
    receiver.answer = () => ({ outcome: 'permanent', code: 'answer-reject', sentBytes: true, receiptCode: 'AR', transport: false });
    const service = await f.start(receiver, {}, { careTimes: { lookMs: 100, reconcileMs: 3_600_000 } });
    const head = headOf(await f.fileAndHint(service, person(0)));
    await eventually(
      () => f.lane(head),
      (lane) => lane.phase === 4,
    );
    receiver.answer = () => ({ outcome: 'delivered', confirmed: true, receiptCode: 'AA' });
    await releaseDelivery(f.store.database, f.store.vault, head.delivery, { who: 'on-call', why: 'corrected' });
    await allDelivered(1);
  });

  it('asks about an unknown outcome where sending again is not safe', async () => {
    await f.store.database.query('update destination set dedupable = false');
    const receiver = new TestReceiver(2, false);
    receiver.answer = () => ({ outcome: 'ambiguous', code: 'connection-lost', sentBytes: true, transport: true });
    receiver.knows = (delivery) => (delivery.id % 2 === 0 ? { known: 'delivered', receiptCode: 'file' } : { known: 'unknown' });
    const service = await f.start(receiver, { asks: 1 });
    for (let n = 0; n < 4; n++) await f.fileAndHint(service, person(n));
    await eventually(
      () => f.states(),
      (states) => states['1'] === 2,
    );
    await eventually(
      () => f.store.database.query('select reason from hold where done is null'),
      (holds) => holds.length === 2,
    );
    expect(receiver.arrived).toHaveLength(4);
  });

  it('asks at once where a daemon died with the job that was to ask', async () => {
    await f.store.database.query('update destination set dedupable = false');
    const { lane, delivery } = headOf(await fileAll(f.store.database, f.store.vault, [filing(f.destination, person(0))]));
    await f.store.database.query('update lane set phase = 5, token = 7, next_at = now(), attempts = 1');
    const backend = openBackend(f.backend, silent);
    await backend.prepare();
    const options = { connection: {}, ...(backend.prefix === undefined ? {} : { prefix: backend.prefix }) };
    const queue: HintQueue = new Queue('clinical', options, backend.factory);
    let taken = false;
    const dead: HintWorker = new Worker(
      'clinical',
      () => {
        taken = true;
        return new Promise<void>(() => {});
      },
      options,
      backend.factory,
    );
    await queue.add('ask', { h: [[lane, delivery]], p: 3, ask: true }, { jobId: `r-${delivery}-7` });
    await eventually(() => taken);
    const receiver = new TestReceiver(2, false);
    receiver.knows = () => ({ known: 'delivered', receiptCode: 'file' });
    // A job whose worker died is given to another only when its lock has run out, a minute later.
    await f.start(receiver, {}, { jobTimes: {} });
    await eventually(
      () => f.states(),
      (states) => states['1'] === 1,
    );
    await dead.close(true);
    await queue.close();
    await backend.close();
  });

  it('★ checks a stale route again before it sends (ruling A10)', async () => {
    const receiver = new TestReceiver(2);
    const checked: number[] = [];
    const recheck: Recheck = async (claimed) => {
      checked.push(claimed.delivery);
      if (claimed.role === 'stays') return { verdict: 'go' };
      if (claimed.role === 'doubt') return { verdict: 'held', code: 'location-unknown' };
      const filed = await retryTransaction(f.store.database, (tx) =>
        refile(tx, f.store.vault, claimed, [filing(f.destination, person(9), { role: 'stays' })]),
      );
      return filed.done ? { verdict: 'replaced', heads: filed.heads } : { verdict: 'lost' };
    };
    const service = await f.start(receiver, {}, { recheck });
    await f.store.database.query('update person set routing_version = 1 where id <> $1', [person(0)]);
    const fresh = headOf(await f.fileAndHint(service, person(0), { role: 'custodian' }));
    const stays = headOf(await f.fileAndHint(service, person(1), { role: 'stays' }));
    const doubt = headOf(await f.fileAndHint(service, person(2), { role: 'doubt' }));
    const moves = headOf(await f.fileAndHint(service, person(3), { role: 'moves' }, { role: 'stays' }));
    await allDelivered(4);
    await eventually(
      () => f.lane(doubt),
      (lane) => lane.phase === 4,
    );
    expect(checked).not.toContain(fresh.delivery);
    expect(checked).toEqual(expect.arrayContaining([stays.delivery, doubt.delivery, moves.delivery]));
    expect(await f.delivery(moves.delivery)).toMatchObject({ withdrawn: 'replaced' });
    expect(receiver.arrived).toHaveLength(4);
  });

  it('sends what a dead daemon on this host had claimed, without waiting for the claim to run out', async () => {
    const gone = await enterTestDaemon(f.store.database, 'test-host', spawnSync(process.execPath, ['-e', '']).pid);
    const heads = await fileAll(f.store.database, f.store.vault, [filing(f.destination, person(0)), filing(f.destination, person(1))]);
    await f.store.database.query(
      'update lane set phase = 2, token = token + 1, claimed_by = $1, claimed_until = now() + interval $$1 h$$',
      [gone],
    );
    await f.start(new TestReceiver());
    await f.store.database.query("update daemon set seen = now() - interval '4 s' where id = $1", [gone]);
    expect(heads).toHaveLength(2);
    await allDelivered(2);
  });

  it('takes the slot from an adapter that never answers, and tries again', async () => {
    const receiver = new TestReceiver(1);
    receiver.answer = () =>
      receiver.arrived.length === 1 ? new Promise(() => {}) : { outcome: 'delivered', confirmed: true, receiptCode: 'AA' };
    const service = await f.start(receiver, { sendTimeoutMs: 200, retry: { firstMs: 10, mostMs: 10, factor: 1 } });
    await f.fileAndHint(service, person(0), {}, {});
    await allDelivered(2);
    expect(receiver.arrived).toHaveLength(3);
  });

  it('never keeps its caller waiting while the backend is away, and sends what was filed meanwhile', async () => {
    if (f.redis === undefined) return;
    const receiver = new TestReceiver();
    const service = await f.start(receiver);
    await f.fileAndHint(service, person(0));
    await allDelivered(1);
    await f.redis.kill();
    const before = performance.now();
    const heads = await fileAll(f.store.database, f.store.vault, [filing(f.destination, person(1)), filing(f.destination, person(2))]);
    const filed = performance.now();
    service.hint(heads);
    expect(performance.now() - filed).toBeLessThan(Math.max(50, filed - before));
    await eventually(
      () => service.ready(),
      (ready) => !ready,
    );
    await f.redis.start();
    await allDelivered(3, 30_000);
    expect(service.ready()).toBe(true);
  });

  it('drains when it stops: what is being sent is filed, the rest is left to others', async () => {
    const receiver = new TestReceiver(2);
    receiver.answer = async () => {
      await new Promise((resolve) => setTimeout(resolve, 200));
      return { outcome: 'delivered', confirmed: true, receiptCode: 'AA' };
    };
    const service = await f.start(receiver);
    for (let n = 0; n < 20; n++) await f.fileAndHint(service, person(n));
    await eventually(
      () => receiver.arrived.length,
      (n) => n >= 2,
    );
    await service.stop(5_000);
    const sent = receiver.arrived.length;
    expect(await f.states()).toEqual({ [CONFIRMED]: sent, [WAITING]: 20 - sent });
    expect((await f.store.database.query('select 1 from lane where phase = 2')).length).toBe(0);
    const other = new TestReceiver(4);
    await f.start(other);
    await allDelivered(20);
    expect(other.arrived).toHaveLength(20 - sent);
  });
});
