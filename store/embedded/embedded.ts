import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { silent, type Telemetry } from '../../records/telemetry.ts';
import type { ConnectionTarget } from '../pool.ts';
import { findBinaries } from './binaries.ts';
import {
  configureCluster,
  ensureCluster,
  findPlace,
  leavePlace,
  makeSharedHome,
  type Place,
  PORT,
  SHARED_HOME,
  SUPERUSER,
} from './cluster.ts';
import { joinMembers, type Membership } from './members.ts';
import { ensurePostmaster, findPostmaster, stillRuns, stopPostmaster } from './postmaster.ts';
import { type ServerUser, serverUser } from './server-user.ts';

export interface EmbeddedOptions {
  readonly telemetry?: Telemetry;
  /** Server settings beside the product's own; tests turn durability off where they do not test it. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Folder with PostgreSQL's bin, lib and share, other than that of the installed package. */
  readonly binaries?: string;
  /** Where root keeps what the server's user could not reach in its own place. */
  readonly sharedHome?: string;
}

export interface EmbeddedServer {
  readonly target: ConnectionTarget;
  /** The cluster's folder, for those who must signal the server. */
  readonly cluster: string;
  /** Leaves the server; the last one to leave stops it. */
  leave(): Promise<void>;
}

const WATCH = 200;
const LONGEST_WAIT = 5_000;

const targetOf = (place: Place): ConnectionTarget => ({
  socketDirectory: place.sockets,
  port: PORT,
  user: SUPERUSER,
  database: 'postgres',
});

/** Keeps the server up for as long as this daemon lives: whoever notices first that it ended starts it again. */
class Supervisor implements EmbeddedServer {
  readonly target: ConnectionTarget;
  readonly cluster: string;
  readonly #place: Place;
  readonly #membership: Membership;
  readonly #telemetry: Telemetry;
  readonly #start: () => Promise<number>;
  #pid: number;
  #leaving = false;
  readonly #watching: Promise<void>;
  readonly #woken = new AbortController();

  constructor(place: Place, membership: Membership, pid: number, start: () => Promise<number>, telemetry: Telemetry) {
    this.#place = place;
    this.cluster = place.cluster;
    this.target = targetOf(place);
    this.#membership = membership;
    this.#pid = pid;
    this.#start = start;
    this.#telemetry = telemetry;
    this.#watching = this.#watch();
  }

  async #watch(): Promise<void> {
    let wait = WATCH;
    while (!this.#leaving) {
      await sleep(wait, undefined, { signal: this.#woken.signal, ref: false }).catch(() => {});
      if (this.#leaving) return;
      if (stillRuns(this.cluster, this.#pid)) continue;
      try {
        this.#pid = await this.#start();
        this.#telemetry.warn('postgres-restarted', { pid: this.#pid });
        wait = WATCH;
      } catch (error) {
        this.#telemetry.error('postgres-does-not-start', error);
        wait = Math.min(LONGEST_WAIT, wait * 2);
      }
    }
  }

  async leave(): Promise<void> {
    if (this.#leaving) return;
    this.#leaving = true;
    this.#woken.abort();
    await this.#watching;
    if ((await this.#membership.leave()) > 0) return;
    await stopPostmaster(this.cluster);
    await leavePlace(this.#place);
  }
}

const startServer = async (place: Place, user: ServerUser, options: EmbeddedOptions): Promise<number> => {
  const binaries = await findBinaries(user, () => makeSharedHome(options.sharedHome ?? SHARED_HOME), options.binaries);
  await ensureCluster(place, binaries, user);
  // A running server keeps the settings it was started with.
  if (findPostmaster(place.cluster) === undefined) await configureCluster(place, user, options.settings);
  const { pid, started } = await ensurePostmaster(place.cluster, binaries.postgres, user);
  options.telemetry?.event(started ? 'postgres-started' : 'postgres-adopted', { pid });
  return pid;
};

/**
 * Starts, or adopts, the PostgreSQL of a data folder (absolute path). It is reached through a Unix socket alone, runs as
 * an unprivileged user, survives the death of this process, and is stopped by the last daemon that leaves it.
 */
export const startEmbedded = async (data: string, options: EmbeddedOptions = {}): Promise<EmbeddedServer> => {
  const user = serverUser();
  // Found anew at each start: the socket's folder may have been tidied away from the temporary folder.
  const find = (): Promise<Place> => findPlace(data, user, options.sharedHome ?? SHARED_HOME);
  const place = await find();
  const membership = await joinMembers(join(data, 'daemons'));
  try {
    const pid = await startServer(place, user, options);
    const again = async (): Promise<number> => startServer(await find(), user, options);
    return new Supervisor(place, membership, pid, again, options.telemetry ?? silent);
  } catch (error) {
    await membership.leave();
    throw error;
  }
};

/** Starts, or adopts, the server without keeping it up or counting as its user: for tests and tools, which stop it themselves. */
export const ensureServer = async (
  data: string,
  options: EmbeddedOptions = {},
): Promise<{ readonly target: ConnectionTarget; readonly cluster: string }> => {
  const user = serverUser();
  const place = await findPlace(data, user, options.sharedHome ?? SHARED_HOME);
  await startServer(place, user, options);
  return { target: targetOf(place), cluster: place.cluster };
};
