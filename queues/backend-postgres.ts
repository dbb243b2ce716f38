import { setTimeout as sleep } from 'node:timers/promises';
import { type IQueueBackend, PostgresConnection, PostgresQueueBackend, type QueueBaseOptions, runMigrations } from 'bullmq';
import type { Telemetry } from '../records/telemetry.ts';
import type { BackendConfig, QueueBackend } from './backend.ts';

const DEADLINE = 10_000;
const MARK_QUEUE = 'throughcare';

type ListenClient = Awaited<ReturnType<PostgresConnection['getListenClient']>>;
type Waited = Awaited<ReturnType<PostgresQueueBackend['waitForJob']>>;
type Moved = Awaited<ReturnType<PostgresQueueBackend['moveToActive']>>;

/** Undefined table, function or schema: somebody dropped BullMQ's schema. */
const isMissing = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && ['42P01', '42883', '3F000', '42704'].includes(String(error.code));

const serial = new WeakSet<ListenClient>();

/** BullMQ sends the statements of this client without waiting for one another; pg is about to stop queueing them for it. */
const oneAtATime = (client: ListenClient): void => {
  if (serial.has(client)) return;
  serial.add(client);
  const query = client.query.bind(client);
  let last: Promise<unknown> = Promise.resolve();
  client.query = <R>(text: string, params?: readonly unknown[]) => {
    const next = last.then(() => query<R>(text, params));
    last = next.catch(() => {});
    return next;
  };
};

/**
 * BullMQ's backend with three edges taken off. A worker whose database does not answer asks again at once, without end: here it waits
 * first. After a failed wait it may sleep for an hour: here five seconds. And all workers share one connection that listens,
 * instead of a pool each, so its loss must be heard by all.
 */
class SharedBackend extends PostgresQueueBackend {
  #failures = 0;
  readonly #shared: PostgresConnection;
  readonly #onMissing: () => void;
  readonly #relisten = (): void => {
    void this.disconnectBlocking();
    void this.reconnectBlocking();
  };
  readonly #listens: boolean;

  constructor(connection: PostgresConnection, name: string, opts: QueueBaseOptions<object>, listens: boolean, onMissing: () => void) {
    super(connection, name, { ...opts, connection: {} }, false);
    this.#shared = connection;
    this.#onMissing = onMissing;
    this.#listens = listens;
    if (listens) connection.on('listenerinvalidated', this.#relisten);
  }

  override get maximumBlockTimeout(): number {
    return 5;
  }

  override async moveToActive(token: string, name: string): Promise<Moved> {
    try {
      const moved = await super.moveToActive(token, name);
      this.#failures = 0;
      return moved;
    } catch (error) {
      if (isMissing(error)) this.#onMissing();
      this.#failures += 1;
      await sleep(Math.min(2_000, 50 * 2 ** Math.min(this.#failures, 10)));
      throw error;
    }
  }

  override async waitForJob(blockTimeout: number): Promise<Waited> {
    const client = await this.#shared.getListenClient();
    oneAtATime(client);
    // One listener a worker on the one connection: more than Node's default of ten is no leak.
    if ('setMaxListeners' in client && typeof client.setMaxListeners === 'function') client.setMaxListeners(0);
    return super.waitForJob(blockTimeout);
  }

  override async close(force?: boolean): Promise<void> {
    if (this.#listens) this.#shared.removeListener('listenerinvalidated', this.#relisten);
    await super.close(force);
  }
}

/** BullMQ on PostgreSQL, in a schema of its own. Hints may be lost, so its commits do not wait for the disk. */
export const postgresBackend = (config: Extract<BackendConfig, { kind: 'postgres' }>, telemetry: Telemetry): QueueBackend => {
  const schema = config.schema ?? 'throughcare_queue';
  const connection = new PostgresConnection({
    ...config.connection,
    schema,
    max: config.max ?? 6,
    options: '-c synchronous_commit=off -c jit=off',
    application_name: 'throughcare-queue',
    statement_timeout: DEADLINE,
    query_timeout: DEADLINE + 1_000,
    idle_in_transaction_session_timeout: DEADLINE,
    connectionTimeoutMillis: 5_000,
    idleTimeoutMillis: 60_000,
    keepAlive: true,
  });
  connection.setMaxListeners(0);
  connection.on('error', (error: unknown) => telemetry.warn('queue-connection', { backend: 'postgres', reason: stateOf(error) }));
  let missing = false;
  const query = <R>(text: string): Promise<{ rows: R[] }> => connection.pool.query<R>(text, [MARK_QUEUE]);
  return {
    kind: 'postgres',
    prefix: undefined,
    factory: (name: string, opts: QueueBaseOptions<object>, options = {}): IQueueBackend =>
      new SharedBackend(connection, name, opts, options.withBlockingConnection === true, () => {
        missing = true;
      }),
    prepare: async () => {
      const client = await connection.pool.connect();
      const ignored = (): void => {};
      client.on('error', ignored);
      try {
        await runMigrations(client, schema);
        client.release();
      } catch (error) {
        client.release(true);
        throw error;
      }
      // Remembered by BullMQ for good, a failure too: so it must not be asked before the tables are there.
      await connection.waitUntilReady();
      missing = false;
    },
    marked: async () => {
      if (missing) return false;
      try {
        return (await query(`select 1 from ${schema}.meta where queue = $1 and field = 'complete'`)).rows.length > 0;
      } catch (error) {
        if (isMissing(error)) return false;
        throw error;
      }
    },
    mark: async () =>
      (await query(`insert into ${schema}.meta (queue, field, value) values ($1, 'complete', '1') on conflict do nothing returning 1`)).rows
        .length > 0,
    close: () => connection.close(),
  };
};

const stateOf = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'error';
