import { createRedisBackend, type IQueueBackend, type QueueBaseOptions } from 'bullmq';
import { Redis } from 'ioredis';
import type { Telemetry } from '../records/telemetry.ts';
import { type QueueBackend, within } from './backend.ts';

const DEADLINE = 5_000;

/** BullMQ on Redis. Two connections are shared by all queues and workers; each worker has one more that blocks. */
export const redisBackend = (url: string, prefix: string, telemetry: Telemetry): QueueBackend => {
  const common = { connectTimeout: DEADLINE, retryStrategy: (times: number) => Math.min(times * 100, 2_000) };
  // Hints must not pile up in memory while Redis is away: they are dropped, and reconcile finds their heads.
  const producer = new Redis(url, {
    ...common,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 1,
    commandTimeout: DEADLINE,
    connectionName: 'throughcare-hints',
  });
  const consumer = new Redis(url, { ...common, maxRetriesPerRequest: null, connectionName: 'throughcare-worker' });
  for (const client of [producer, consumer])
    client.on('error', (error) => telemetry.warn('queue-connection', { backend: 'redis', reason: reasonOf(error) }));
  const key = `${prefix}:complete`;
  return {
    kind: 'redis',
    prefix,
    factory: (name: string, opts: QueueBaseOptions<object>, options = {}): IQueueBackend =>
      createRedisBackend(name, { ...opts, connection: options.withBlockingConnection === true ? consumer : producer }, options),
    prepare: async () => {
      await within(DEADLINE, 'connecting to Redis', Promise.all([reached(producer), reached(consumer)]));
    },
    marked: async () => (await producer.exists(key)) === 1,
    mark: async () => (await producer.set(key, '1', 'NX')) === 'OK',
    close: async () => {
      producer.disconnect();
      consumer.disconnect();
    },
  };
};

/** The kind of failure alone: messages of drivers may quote addresses and commands. */
const reasonOf = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'error';

const reached = (client: Redis): Promise<void> =>
  client.status === 'ready' ? Promise.resolve() : new Promise((resolve) => client.once('ready', () => resolve()));
