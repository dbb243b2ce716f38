import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { open, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Problem } from '../../records/problem.ts';
import { alive, commandLine } from './processes.ts';
import type { ServerUser } from './server-user.ts';

/** What a running server says of itself in postmaster.pid. */
export interface Postmaster {
  readonly pid: number;
  readonly ready: boolean;
}

const pidFile = (cluster: string): string => join(cluster, 'postmaster.pid');

/** The server of this cluster, if one runs. A file left behind by a dead one, or one whose pid is another program now, is none. */
export const findPostmaster = (cluster: string): Postmaster | undefined => {
  let lines: string[];
  try {
    lines = readFileSync(pidFile(cluster), 'utf8').split('\n');
  } catch {
    return undefined;
  }
  const pid = Number(lines[0]);
  if (!Number.isInteger(pid) || pid <= 1 || !alive(pid) || !commandLine(pid).includes(cluster)) return undefined;
  return { pid, ready: lines[7]?.trim() === 'ready' };
};

/** Cheap enough to be asked several times a second. */
export const stillRuns = (cluster: string, pid: number): boolean => {
  try {
    return Number.parseInt(readFileSync(pidFile(cluster), 'utf8'), 10) === pid && alive(pid);
  } catch {
    return false;
  }
};

const POLL = 10;

/** Resolves with the server once it takes connections; undefined when it ended first. */
const untilReady = async (cluster: string, deadline: number, ended: () => boolean): Promise<Postmaster | undefined> => {
  while (Date.now() < deadline) {
    const found = findPostmaster(cluster);
    if (found?.ready === true) return found;
    if (ended()) return undefined;
    await sleep(POLL);
  }
  throw new Problem(`the embedded PostgreSQL did not get ready in time; see ${logFile(cluster)}`);
};

export const logFile = (cluster: string): string => `${cluster}.log`;
const LOG_LIMIT = 10 * 1024 * 1024;

const openLog = async (cluster: string): Promise<{ handle: Awaited<ReturnType<typeof open>>; from: number }> => {
  const file = logFile(cluster);
  const size = await stat(file).then(
    (s) => s.size,
    () => 0,
  );
  if (size > LOG_LIMIT) await rename(file, `${file}.1`);
  return { handle: await open(file, 'a', 0o640), from: size > LOG_LIMIT ? 0 : size };
};

/** In its own session, so that it outlives this process and its terminal. */
const launch = async (
  cluster: string,
  postgres: string,
  user: ServerUser,
): Promise<{ ended: () => boolean; said: () => Promise<string> }> => {
  const { handle, from } = await openLog(cluster);
  try {
    let ended = false;
    const child = spawn(postgres, ['-D', cluster], {
      cwd: '/',
      detached: true,
      stdio: ['ignore', handle.fd, handle.fd],
      env: { PATH: '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' },
      ...(user.uid === undefined ? {} : { uid: user.uid }),
      ...(user.gid === undefined ? {} : { gid: user.gid }),
    });
    child.on('exit', () => {
      ended = true;
    });
    child.on('error', () => {
      ended = true;
    });
    child.unref();
    return { ended: () => ended, said: async () => (await readFile(logFile(cluster))).subarray(from).toString('utf8').trim() };
  } finally {
    await handle.close();
  }
};

/** A pid file that names a living process of another program keeps PostgreSQL from starting. */
const clearForeignPid = async (cluster: string): Promise<void> => {
  const text = await readFile(pidFile(cluster), 'utf8').catch(() => '');
  const pid = Number(text.split('\n')[0]);
  if (pid > 1 && alive(pid) && !commandLine(pid).includes(cluster) && commandLine(pid) !== '') await rm(pidFile(cluster), { force: true });
};

const START_LIMIT = 120_000;
const TRIES = 6;

/**
 * Adopts the server that runs on this cluster, or starts one. Any number of processes may try at once: PostgreSQL's own
 * lock file lets one through, the others adopt it. Throws with the server's last words when it will not start.
 */
export const ensurePostmaster = async (
  cluster: string,
  postgres: string,
  user: ServerUser,
): Promise<Postmaster & { readonly started: boolean }> => {
  const deadline = Date.now() + START_LIMIT;
  let said = '';
  for (let attempt = 0; attempt < TRIES; attempt++) {
    const running = findPostmaster(cluster);
    if (running !== undefined) {
      const ready = await untilReady(cluster, deadline, () => findPostmaster(cluster) === undefined);
      if (ready !== undefined) return { ...ready, started: false };
    }
    await clearForeignPid(cluster);
    const launched = await launch(cluster, postgres, user);
    const ready = await untilReady(cluster, deadline, launched.ended);
    if (ready !== undefined) return { ...ready, started: true };
    said = await launched.said();
    // Orphans of a killed server let go of its shared memory within moments.
    await sleep(50 * 2 ** attempt);
  }
  throw new Problem(`the embedded PostgreSQL does not start: ${said.split('\n').slice(-5).join(' | ')}`);
};

/** Fast shutdown (open transactions are rolled back), then immediate if it takes too long. */
export const stopPostmaster = async (cluster: string, limit = 30_000): Promise<void> => {
  for (const [signal, wait] of [
    ['SIGINT', limit],
    ['SIGQUIT', 5_000],
    ['SIGKILL', 5_000],
  ] as const) {
    const running = findPostmaster(cluster);
    if (running === undefined) return;
    try {
      process.kill(running.pid, signal);
    } catch {
      return;
    }
    for (const end = Date.now() + wait; Date.now() < end && findPostmaster(cluster)?.pid === running.pid; ) await sleep(POLL);
  }
};
