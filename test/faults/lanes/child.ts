import { startDelivery } from '../../../queues/delivery-service.ts';
import { openBackend } from '../../../queues/open-backend.ts';
import type { Outlet } from '../../../queues/outlet.ts';
import type { ClaimedDelivery } from '../../../records/lanes.ts';
import type { DestinationAdapter, OutboundDelivery, Resolution, SendResult } from '../../../records/ports.ts';
import { silent } from '../../../records/telemetry.ts';
import { ROLES } from '../../../routing/roles.ts';
import { enterDaemon } from '../../../store/daemon.ts';
import { HotBytes } from '../../../store/hot-bytes.ts';
import { readKeys } from '../../../store/keys.ts';
import { createLaneStore } from '../../../store/lanes/lane-store.ts';
import { type Database, openDatabase } from '../../../store/pool.ts';
import { openVault } from '../../../store/vault.ts';
import { chance } from '../../support/seed.ts';
import { Filer } from './filer.ts';
import { People } from './people.ts';
import type { ChildConfig, Far, FromChild, Sending, ToChild } from './protocol.ts';
import { Rerouter } from './rerouter.ts';

/** One daemon of the randomized lane test: real store, real BullMQ, adapters whose far side is the parent process. */

const say = (message: FromChild): void => {
  process.send?.(message);
};

const config = JSON.parse(process.env.LANE_TEST ?? '{}') as ChildConfig; // written by the parent of this very process

const counts = new Map<string, number>();
const did = (what: string, count = 1): void => {
  counts.set(what, (counts.get(what) ?? 0) + count);
};
const tell = (): void => {
  for (const [what, count] of counts) say({ kind: 'did', what, count });
  counts.clear();
};

let asked = 0;
const waiting = new Map<number, (answer: ToChild) => void>();
const request = (kind: 'send' | 'ask', sending: Sending): Promise<ToChild> =>
  new Promise((resolve) => {
    asked += 1;
    waiting.set(asked, resolve);
    say({ kind, n: asked, sending });
  });

const sendingOf = (far: Far, delivery: OutboundDelivery): Sending => ({
  destination: far.id,
  lane: delivery.lane,
  delivery: delivery.id,
  token: delivery.token,
  key: delivery.transportKey,
});

const adapterFor = (far: Far): DestinationAdapter => ({
  address: far.name,
  dedupable: far.dedupable,
  slots: 4,
  send: async (delivery): Promise<SendResult> => {
    const answer = await request('send', sendingOf(far, delivery));
    if (answer.kind !== 'sent') throw new Error('the parent answered something else');
    return answer.result;
  },
  resolve: async (delivery): Promise<Resolution> => {
    const answer = await request('ask', sendingOf(far, delivery));
    return answer.kind === 'asked' ? answer.resolution : { known: 'unknown' };
  },
  close: () => Promise.resolve(),
});

/** Deadlocks of our own tables are a fault, although each is survived. */
const watched = (database: Database): Database => {
  const see = async <T>(work: Promise<T>): Promise<T> => {
    try {
      return await work;
    } catch (error) {
      if (error instanceof Error && 'state' in error && error.state === '40P01') did('deadlock');
      throw error;
    }
  };
  return {
    query: (text, values, options) => see(database.query(text, values, options)),
    readBytes: (select, use) => see(database.readBytes(select, use)),
    inTransaction: (work, options) => see(database.inTransaction(work, options)),
    close: () => database.close(),
  };
};

const main = async (): Promise<void> => {
  const database = watched(openDatabase(config.target, { max: 12 }));
  const vault = await openVault(database, readKeys(Buffer.from(config.keys, 'base64').toString('utf8')));
  const daemon = await enterDaemon(database);
  const draw = chance(config.seed);
  const content = {
    read: (): AsyncIterable<Buffer> => {
      throw new RangeError('nothing is stored');
    },
  };
  const lanes = createLaneStore({ database, vault, content, filed: new HotBytes(), roles: ROLES, daemon: daemon.id });
  const outlets = config.far.map(
    (far): Outlet => ({
      destination: far.id,
      name: far.name,
      adapter: adapterFor(far),
      claimTtlMs: config.claimTtlMs,
      sendTimeoutMs: 1_500,
      asks: 3,
      retry: { firstMs: 20, mostMs: 400, factor: 2 },
      breaker: { failures: 4, firstMs: 100, mostMs: 500 },
    }),
  );
  const rerouter = new Rerouter({ database, vault, draw: draw.fork('reroute'), far: config.far, did });
  const telemetry = {
    ...silent,
    event: (name: string) => did(name),
    warn: (name: string) => did(name),
    error: (name: string, error: unknown) => say({ kind: 'trouble', text: `${name}: ${String(error)}` }),
  };
  const service = await startDelivery({
    lanes,
    backend: openBackend(config.backend, telemetry),
    outlets,
    recheck: (claimed: ClaimedDelivery) => rerouter.check(claimed),
    telemetry,
    jobTimes: { lockDuration: 5_000, stalledInterval: 2_000 },
    careTimes: { lookMs: 250, reconcileMs: config.reconcileMs, overdueMs: 1_000, checkMs: 5_000 },
  });
  let settling = false;
  const hint = (heads: Parameters<typeof service.hint>[0]): void => {
    if (config.faults && !settling && draw.happens(0.02)) {
      did('hint lost');
      return;
    }
    service.hint(heads);
    if (config.faults && draw.happens(0.02)) service.hint(heads);
  };
  const filers = [1, 2, 3].map(
    (n) => new Filer({ database, vault, draw: draw.fork(`filer ${n}`), far: config.far, persons: config.persons, hint, did }),
  );
  const people = new People({
    database,
    vault,
    draw: draw.fork('people'),
    far: config.far,
    persons: config.persons,
    hint,
    did,
    trouble: config.faults,
  });
  const working = Promise.all([...filers.map((filer) => filer.run()), people.run()]);
  working.catch((error: unknown) => say({ kind: 'trouble', text: `the child itself: ${String(error)}` }));
  const telling = setInterval(tell, 100);
  const stop = async (): Promise<void> => {
    people.stop();
    await working;
    await service.stop(5_000);
    await daemon.stop();
    clearInterval(telling);
    tell();
    await database.close();
    say({ kind: 'stopped' });
    process.disconnect?.();
  };
  process.on('message', (message: ToChild) => {
    if (message.kind === 'settle') {
      settling = true;
      for (const filer of filers) filer.stop();
      people.settle();
    } else if (message.kind === 'stop') {
      for (const filer of filers) filer.stop();
      void stop();
    } else {
      waiting.get(message.n)?.(message);
      waiting.delete(message.n);
    }
  });
  say({ kind: 'ready' });
};

main().catch((error: unknown) => {
  say({ kind: 'trouble', text: `the child did not start: ${String(error)}` });
  process.exit(1);
});
