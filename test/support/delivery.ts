import type { BackendConfig } from '../../queues/backend.ts';
import { type DeliveryService, type DeliveryServiceParts, startDelivery } from '../../queues/delivery-service.ts';
import { openBackend } from '../../queues/open-backend.ts';
import { BREAKER, type Outlet, RETRY, type Recheck } from '../../queues/outlet.ts';
import { brandAs, type DestinationName, type PersonId } from '../../records/ids.ts';
import type { Head } from '../../records/lanes.ts';
import type { DestinationAdapter, OutboundDelivery, Resolution, SendResult } from '../../records/ports.ts';
import type { FiledHead, Filing } from '../../records/process.ts';
import { silent, type Telemetry } from '../../records/telemetry.ts';
import { ROLES } from '../../routing/roles.ts';
import { HotBytes } from '../../store/hot-bytes.ts';
import type { DestinationSettings } from '../../store/lanes/destinations.ts';
import { createLaneStore } from '../../store/lanes/lane-store.ts';
import { clientConfig } from '../../store/pool.ts';
import type { TestDatabase } from './database.ts';
import { enterTestDaemon, fileAll, filing, type LaneFixture, openLanes } from './lanes.ts';
import { type PrivateRedis, startRedis } from './redis.ts';

/** The delivery leg on a real store and a real queue backend, with a receiver in memory. */

export type BackendKind = BackendConfig['kind'];

/** A far side that does as it is told: by default it takes everything at once. */
export class TestReceiver implements DestinationAdapter {
  readonly address = 'test';
  readonly dedupable: boolean;
  readonly slots: number;
  readonly arrived: { readonly key: string; readonly lane: number; readonly token: number }[] = [];
  inFlight = 0;
  mostInFlight = 0;
  answer: (delivery: OutboundDelivery, deadline: AbortSignal, goesOn: () => void) => Promise<SendResult> | SendResult = () => ({
    outcome: 'delivered',
    confirmed: true,
    receiptCode: 'AA',
  });
  knows: (delivery: OutboundDelivery) => Promise<Resolution> | Resolution = () => ({ known: 'unknown' });

  constructor(slots = 4, dedupable = true) {
    this.slots = slots;
    this.dedupable = dedupable;
  }

  async send(delivery: OutboundDelivery, deadline: AbortSignal, goesOn: () => void = () => {}): Promise<SendResult> {
    this.inFlight += 1;
    this.mostInFlight = Math.max(this.mostInFlight, this.inFlight);
    this.arrived.push({ key: delivery.transportKey, lane: delivery.lane, token: delivery.token });
    try {
      return await this.answer(delivery, deadline, goesOn);
    } finally {
      this.inFlight -= 1;
    }
  }

  async resolve(delivery: OutboundDelivery): Promise<Resolution> {
    return this.knows(delivery);
  }

  async close(): Promise<void> {}
}

export interface DeliveryFixture extends LaneFixture {
  readonly backend: BackendConfig;
  readonly redis: PrivateRedis | undefined;
  /** Starts a delivery leg of a daemon of its own. */
  start(adapter: DestinationAdapter, change?: Partial<Outlet>, parts?: Partial<DeliveryServiceParts>): Promise<DeliveryService>;
  /** Files on the lane of a person and hints through the service, as the leader does after its commit. */
  fileAndHint(service: DeliveryService, person: PersonId, ...changes: Partial<Filing>[]): Promise<FiledHead[]>;
  /** Forgets all hints, as a wipe by someone else. */
  wipe(): Promise<void>;
  /** Number of deliveries in each state. */
  states(): Promise<Record<string, number>>;
}

const noRecheck: Recheck = () => Promise.resolve({ verdict: 'go' });

export const backendConfig = async (
  kind: BackendKind,
  store: TestDatabase,
): Promise<{ config: BackendConfig; redis: PrivateRedis | undefined }> => {
  if (kind === 'postgres') return { config: { kind, connection: { ...clientConfig(store.target) } }, redis: undefined };
  const redis = await startRedis();
  return { config: { kind, url: redis.url }, redis };
};

export const openDelivery = async (
  kind: BackendKind,
  settings: Partial<DestinationSettings> = {},
  telemetry: Telemetry = silent,
): Promise<DeliveryFixture> => {
  const lanes = await openLanes(settings);
  const { database, vault } = lanes.store;
  const { config, redis } = await backendConfig(kind, lanes.store);
  const running: DeliveryService[] = [];
  return {
    ...lanes,
    backend: config,
    redis,
    start: async (adapter, change = {}, parts = {}) => {
      const daemon = await enterTestDaemon(database);
      const outlet: Outlet = {
        ...lanes.outlet,
        name: settings.name ?? brandAs<DestinationName>('clinical'),
        adapter,
        sendTimeoutMs: 30_000,
        retry: RETRY,
        breaker: BREAKER,
        ...change,
      };
      const service = await startDelivery({
        lanes: createLaneStore({
          database,
          vault,
          filed: new HotBytes(),
          roles: [...ROLES, 'stays', 'doubt', 'moves'],
          content: {
            read: () => {
              throw new RangeError('no content');
            },
          },
          daemon,
        }),
        backend: openBackend(config, telemetry),
        outlets: [outlet],
        recheck: noRecheck,
        telemetry,
        jobTimes: { lockDuration: 5_000, stalledInterval: 2_000 },
        careTimes: { lookMs: 200 },
        ...parts,
      });
      running.push(service);
      return service;
    },
    fileAndHint: async (service, person, ...changes) => {
      const heads = await fileAll(
        database,
        vault,
        (changes.length === 0 ? [{}] : changes).map((change) => filing(lanes.destination, person, change)),
      );
      service.hint(heads);
      return heads;
    },
    wipe: async () => {
      if (redis !== undefined) await redis.wipe();
      else await database.query('alter schema throughcare_queue rename to wiped');
    },
    states: async () => {
      const rows = await database.query<{ state: number; n: number }>('select state, count(*) n from delivery group by state');
      return Object.fromEntries(rows.map((row) => [row.state, row.n]));
    },
    close: async () => {
      await Promise.all(running.map((service) => service.stop(5_000).catch(() => {})));
      await lanes.close();
      await redis?.stop();
    },
  };
};

export const headOf = (heads: readonly Head[]): Head => {
  const [head] = heads;
  if (head === undefined) throw new RangeError('no head');
  return head;
};
