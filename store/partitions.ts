import { silent, type Telemetry } from '../records/telemetry.ts';
import type { Database } from './pool.ts';

/** Ids a partition holds; `ensure_partitions` in the migrations has the same. */
export const WIDTH = 1_000_000;

/** Partitions by id: each family follows the sequence its ids are drawn from. */
export const FAMILIES = [
  { sequence: 'message_id', tables: ['message', 'message_outcome', 'message_part', 'issue', 'decision'] },
  { sequence: 'delivery_id', tables: ['delivery', 'payload'] },
] as const;

const LOCK = "select pg_advisory_xact_lock(hashtextextended('throughcare partitions', 0))";

/**
 * Makes sure that three partitions lie ahead of the ids in use. Safe to run from any number of daemons. Making one locks
 * its table for a moment; behind a long reader it gives up after two seconds, and the next run tries again.
 */
export const ensurePartitions = async (database: Database): Promise<void> => {
  await database.inTransaction(async (tx) => {
    await tx.query(LOCK);
    await tx.query("set local lock_timeout = '2s'");
    for (const { sequence, tables } of FAMILIES) {
      for (const table of tables) {
        await tx.query(`select ensure_partitions('${table}', (select last_value from ${sequence}))`);
      }
    }
  });
};

/** Rows that only serve a restart of the minute: flushes recognised, content begun. */
const forget = async (database: Database): Promise<void> => {
  await database.query("delete from intake where at < now() - interval '1 day'");
};

const EVERY = 10 * 60_000;

export interface PartitionCare {
  readonly telemetry?: Telemetry;
  /** Removes what is old (`removeOld`), where the site says how long things are kept. */
  readonly remove?: () => Promise<unknown>;
}

/** Partitions at start, then every ten minutes; a failure is reported and tried again. Resolves after the first time. */
export const keepPartitions = async (
  database: Database,
  { telemetry = silent, remove }: PartitionCare = {},
): Promise<{ stop(): Promise<void> }> => {
  await ensurePartitions(database);
  let busy: Promise<unknown> = Promise.resolve();
  const look = (): void => {
    busy = busy
      .then(() => ensurePartitions(database))
      .then(() => forget(database))
      .then(() => remove?.())
      .catch((error: unknown) => telemetry.error('partitions-failed', error));
  };
  const timer = setInterval(look, EVERY);
  timer.unref();
  if (remove !== undefined) look();
  return {
    stop: async () => {
      clearInterval(timer);
      await busy;
    },
  };
};
