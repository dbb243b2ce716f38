import type { Writable } from 'node:stream';
import pg from 'pg';
import { silent, type Telemetry } from '../records/telemetry.ts';
import { answeredByServer, commitError, StoreError, storeError } from './failure.ts';
import { rowTypes } from './types.ts';

export { CommitUnknown, isContention, isUnavailable, RetryTransaction, StoreError } from './failure.ts';

/** Where the database is: what the operator configured, or the embedded server's socket. */
export type ConnectionTarget =
  | { readonly url: string }
  | { readonly socketDirectory: string; readonly port: number; readonly user: string; readonly database: string };

export interface DatabaseOptions {
  /** Connections at most. */
  readonly max?: number;
  readonly schema?: string;
  readonly applicationName?: string;
  /** Milliseconds. The server gives up a statement after `statementTimeout`; we give up waiting a little later. */
  readonly statementTimeout?: number;
  readonly idleInTransactionTimeout?: number;
  readonly connectTimeout?: number;
  /**
   * `by-index`: for a few statements that are made again and again and each touch a handful of rows. Their plans are made once and never read
   * a table through; one made while the table was small would be kept though it grows.
   */
  readonly plans?: 'by-index';
  readonly telemetry?: Telemetry;
}

export interface QueryOptions {
  /** Name of the prepared statement; the same name always carries the same text. */
  readonly name?: string;
  /** Deadline in milliseconds, other than the pool's. */
  readonly timeout?: number;
}

export interface Transaction {
  /** Pipelined: may be issued without awaiting the one before. A failure that nobody awaits still fails the transaction. */
  query<R extends object>(text: string, values?: readonly unknown[], name?: string): Promise<R[]>;
  /**
   * Sends COMMIT behind the statements issued so far, which may still be under way: the last of them and the commit are one round trip.
   * Nothing may be issued after it, and nothing but those statements' own success may be left to check.
   */
  commit(): void;
}

export interface TransactionOptions {
  /** Deadline of each statement in milliseconds, other than the pool's; 0 = none. */
  readonly timeout?: number;
  /** Off only where the caller's effect may be lost in a crash (a claim on a destination that recognises duplicates). */
  readonly synchronousCommit?: boolean;
}

export interface Database {
  /** One statement in a transaction of its own. When the connection is lost its outcome is unknown: let it be repeatable. */
  query<R extends object>(text: string, values?: readonly unknown[], options?: QueryOptions): Promise<R[]>;
  /** BEGIN, the work, COMMIT. Throws `CommitUnknown` when the connection is lost during COMMIT; any other error = nothing happened. */
  inTransaction<T>(work: (tx: Transaction) => Promise<T>, options?: TransactionOptions): Promise<T>;
  close(): Promise<void>;
}

/** How to reach the target, without session settings: for clients that are not ours (BullMQ). */
export const clientConfig = (target: ConnectionTarget): pg.ClientConfig =>
  'url' in target
    ? { connectionString: target.url }
    : { host: target.socketDirectory, port: target.port, user: target.user, database: target.database };

/** `postgresql:///name?host=/dir&port=n`, for whoever wants one string. */
export const connectionUrl = (target: ConnectionTarget): string =>
  'url' in target
    ? target.url
    : `postgresql://${encodeURIComponent(target.user)}@/${encodeURIComponent(target.database)}?host=${encodeURIComponent(target.socketDirectory)}&port=${target.port}`;

const BY_INDEX = ['seqscan', 'hashjoin', 'mergejoin']
  .map((way) => ` -c enable_${way}=off`)
  .join('')
  .concat(' -c plan_cache_mode=force_generic_plan');

/** Waited for beyond the server's own limit, so that the server's answer comes first where there is one. */
const GRACE = 2_000;

class PooledDatabase implements Database {
  readonly #pool: pg.Pool;

  constructor(target: ConnectionTarget, options: DatabaseOptions) {
    const telemetry = options.telemetry ?? silent;
    const statementTimeout = options.statementTimeout ?? 30_000;
    this.#pool = new pg.Pool({
      ...clientConfig(target),
      max: options.max ?? 10,
      application_name: options.applicationName ?? 'throughcare',
      options: `-c search_path=${options.schema ?? 'throughcare'} -c timezone=UTC${options.plans === 'by-index' ? BY_INDEX : ''}`,
      statement_timeout: statementTimeout,
      idle_in_transaction_session_timeout: options.idleInTransactionTimeout ?? 10_000,
      query_timeout: statementTimeout + GRACE,
      connectionTimeoutMillis: options.connectTimeout ?? 5_000,
      idleTimeoutMillis: 60_000,
      keepAlive: true,
      pipeline: true,
      types: rowTypes,
    });
    // Idle clients whose server went away: the pool has already let go of them.
    this.#pool.on('error', (error) => telemetry.warn('store-connection-lost', { state: storeError(error).message }));
  }

  async query<R extends object>(text: string, values?: readonly unknown[], options: QueryOptions = {}): Promise<R[]> {
    const client = await this.#checkOut();
    try {
      const rows = await send<R>(client, text, values, options);
      release(client);
      return rows;
    } catch (error) {
      release(client, error);
      throw storeError(error);
    }
  }

  async inTransaction<T>(work: (tx: Transaction) => Promise<T>, options: TransactionOptions = {}): Promise<T> {
    const client = await this.#checkOut();
    const tx = new PipelinedTransaction(client, options.timeout);
    const started = send(client, begin(options)).catch((error: unknown) => {
      throw storeError(error);
    });
    started.catch(ignored);
    let result: T;
    try {
      result = await work(tx);
      await started;
    } catch (error) {
      if (tx.committed !== undefined) {
        try {
          // Answered: what failed made it a rollback. Not answered: nobody knows.
          await tx.committed;
        } catch (lost) {
          release(client, lost);
          throw commitError(lost);
        }
      }
      await abandon(client, tx.failure);
      // What fails after the first failure only says that the transaction is aborted; the first says why.
      if (tx.failure !== undefined && error instanceof StoreError && error.state === '25P02') throw storeError(tx.failure);
      throw error;
    }
    let command: string;
    try {
      command = (await (tx.committed ?? client.query('COMMIT'))).command;
    } catch (error) {
      release(client, error);
      throw commitError(error);
    }
    release(client);
    // The server answers COMMIT of a failed transaction with ROLLBACK.
    if (command !== 'COMMIT') {
      await tx.settled();
      throw tx.failure === undefined ? new StoreError('internal', '25P02', 'transaction was rolled back') : storeError(tx.failure);
    }
    return result;
  }

  async close(): Promise<void> {
    await this.#pool.end();
  }

  /** The only place where a client is taken from the pool. */
  async #checkOut(): Promise<pg.PoolClient> {
    try {
      const client = await this.#pool.connect();
      client.on('error', ignored);
      return client;
    } catch (error) {
      throw storeError(error);
    }
  }
}

class PipelinedTransaction implements Transaction {
  /** What failed first, as pg threw it. */
  failure: unknown;
  readonly #client: pg.PoolClient;
  readonly #timeout: number | undefined;
  readonly #sent: Promise<unknown>[] = [];
  /** The answer to COMMIT, once it was sent. */
  committed: Promise<pg.QueryResult> | undefined;

  constructor(client: pg.PoolClient, timeout: number | undefined) {
    this.#client = client;
    this.#timeout = timeout;
  }

  query<R extends object>(text: string, values?: readonly unknown[], name?: string): Promise<R[]> {
    const answer = this.#query<R>(text, values, name);
    // It may fail before its caller awaits it; that must not end the process.
    answer.catch(ignored);
    this.#sent.push(answer);
    return answer;
  }

  commit(): void {
    gather(this.#client);
    this.committed ??= this.#client.query('COMMIT');
    this.committed.catch(ignored);
  }

  async #query<R extends object>(text: string, values?: readonly unknown[], name?: string): Promise<R[]> {
    try {
      return await send<R>(this.#client, text, values, {
        ...(name === undefined ? {} : { name }),
        ...(this.#timeout === undefined ? {} : { timeout: this.#timeout }),
      });
    } catch (error) {
      this.failure ??= error;
      throw storeError(error);
    }
  }

  async settled(): Promise<void> {
    await Promise.allSettled(this.#sent);
  }
}

/** A checked-out client without listener would end the process when its server goes away; the query under way reports it. */
const ignored = (): void => {};

const begin = (options: TransactionOptions): string => {
  let text = 'BEGIN';
  if (options.timeout !== undefined) text += `; SET LOCAL statement_timeout = ${Math.trunc(options.timeout)}`;
  if (options.synchronousCommit === false) text += '; SET LOCAL synchronous_commit = off';
  return text;
};

const send = async <R extends object>(
  client: pg.PoolClient,
  text: string,
  values?: readonly unknown[],
  options: QueryOptions = {},
): Promise<R[]> => {
  const config: pg.QueryConfig & { query_timeout?: number } = { text };
  if (values !== undefined) config.values = [...values];
  if (options.name !== undefined) config.name = options.name;
  // 0 would mean the pool's deadline again, so "none" is the longest timer there is.
  if (options.timeout !== undefined) config.query_timeout = options.timeout === 0 ? 2 ** 31 - 1 : options.timeout + GRACE;
  gather(client);
  return (await client.query<R>(config)).rows;
};

const gathering = new WeakSet<Writable>();

/**
 * Statements issued in one turn of the event loop leave in one write: a batch sends a dozen at once, and each write costs more than the
 * statement itself.
 */
const gather = (client: pg.PoolClient): void => {
  // pg's own types leave the connection out; where it is not there the statements simply go one by one.
  const { stream } = (client as { connection?: { stream?: Writable } }).connection ?? {};
  if (stream === undefined || gathering.has(stream)) return;
  gathering.add(stream);
  stream.cork();
  process.nextTick(() => {
    gathering.delete(stream);
    stream.uncork();
  });
};

/** Gives the client back. After an error only a session that the server itself vouches for is used again. */
const release = (client: pg.PoolClient, error?: unknown): void => {
  client.removeListener('error', ignored);
  const sound = error === undefined || (answeredByServer(error) && client.getTransactionStatus() === 'I');
  client.release(!sound);
};

const abandon = async (client: pg.PoolClient, failure: unknown): Promise<void> => {
  try {
    await client.query('ROLLBACK');
    release(client, failure);
  } catch {
    release(client, new Error('rollback failed'));
  }
};

/** Opens a pool. No connection is made before the first statement. */
export const openDatabase = (target: ConnectionTarget, options: DatabaseOptions = {}): Database => new PooledDatabase(target, options);
