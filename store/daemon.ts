import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { silent, type Telemetry } from '../records/telemetry.ts';
import type { Database } from './pool.ts';

export interface DaemonOptions {
  readonly telemetry?: Telemetry;
  /** Milliseconds between signs of life. */
  readonly beat?: number;
}

/** This process among those that share the database. A restart is another daemon: nothing in flight is inherited by id. */
export interface Daemon {
  readonly id: number;
  readonly boot: string;
  /** Milliseconds since the last sign of life got through, by this process's own steady clock. */
  silentFor(): number;
  /** Marks the row stopped, so that others need not wait for its silence. */
  stop(): Promise<void>;
}

const BEAT = 1_000;

/** Enters this process as a daemon and shows a sign of life each second (rulings A24). */
export const enterDaemon = async (database: Database, options: DaemonOptions = {}): Promise<Daemon> => {
  const telemetry = options.telemetry ?? silent;
  const boot = randomUUID();
  const rows = await database.query<{ id: number }>('insert into daemon (boot, host, pid) values ($1, $2, $3) returning id', [
    boot,
    hostname(),
    process.pid,
  ]);
  const id = rows[0]?.id;
  if (id === undefined) throw new RangeError('no daemon row');
  let last = performance.now();
  let beating: Promise<void> = Promise.resolve();
  let busy = false;
  const beat = async (): Promise<void> => {
    try {
      await database.query('update daemon set seen = now() where id = $1', [id], { name: 'daemon-beat', timeout: 5_000 });
      last = performance.now();
    } catch (error) {
      telemetry.warn('heartbeat-missed', { reason: error instanceof Error ? error.message : 'unknown' });
    } finally {
      busy = false;
    }
  };
  const timer = setInterval(() => {
    if (busy) return;
    busy = true;
    beating = beat();
  }, options.beat ?? BEAT);
  timer.unref();
  return {
    id,
    boot,
    silentFor: () => performance.now() - last,
    stop: async () => {
      clearInterval(timer);
      await beating;
      await database.query('update daemon set seen = now(), stopped = now() where id = $1', [id]);
    },
  };
};

/** Daemons that have stopped, or shown no sign of life for `silence` milliseconds of the database's clock. */
export const deadDaemons = async (
  database: Database,
  silence: number,
): Promise<readonly { readonly id: number; readonly host: string }[]> =>
  database.query(
    `select id, host from daemon where (stopped is not null or seen < now() - $1::float8 * interval '1 ms') and started > now() - interval '30 days' order by id`,
    [silence],
  );

/** Daemons that have shown a sign of life within `silence` milliseconds of the database's clock and have not stopped. */
export const countRunning = async (database: Database, silence: number): Promise<number> => {
  const [row] = await database.query<{ n: number }>(
    `select count(*)::int as n from daemon where stopped is null and seen >= now() - $1::float8 * interval '1 ms'`,
    [silence],
  );
  return row?.n ?? 0;
};
