import { randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { alive, startedAt } from './processes.ts';

/**
 * Who uses the embedded server: one small file a daemon. A daemon that was killed leaves its file behind; it counts for
 * nothing, because no process with that pid and start time lives.
 */
export interface Membership {
  /** Removes the own file; resolves with the number of living others. */
  leave(): Promise<number>;
}

const describe = (pid: number): string => `${pid} ${startedAt(pid)}\n${hostname()}\n`;

const lives = (text: string): boolean => {
  const pid = Number.parseInt(text, 10);
  return pid > 0 && alive(pid) && text === describe(pid);
};

const othersIn = async (folder: string): Promise<number> => {
  let living = 0;
  for (const file of await readdir(folder)) {
    const path = join(folder, file);
    const text = await readFile(path, 'utf8').catch(() => '');
    if (lives(text)) living++;
    else if (text !== '') await rm(path, { force: true });
  }
  return living;
};

/** Registered before the server is looked at: a leaver that counts afterwards sees the newcomer. */
export const joinMembers = async (folder: string): Promise<Membership> => {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const own = join(folder, `${process.pid}-${randomBytes(4).toString('hex')}`);
  await writeFile(own, describe(process.pid), { mode: 0o600 });
  return {
    leave: async () => {
      await rm(own, { force: true });
      return othersIn(folder);
    },
  };
};
