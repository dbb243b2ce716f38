import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { errnoOf } from '../errno.ts';

/** Looks at other processes: under /proc where there is one, else through `ps`. */

const procFile = (pid: number, name: string): string | undefined => {
  try {
    return readFileSync(`/proc/${pid}/${name}`, 'latin1');
  } catch {
    return undefined;
  }
};

const ps = (pid: number, column: string): string => {
  if (process.platform === 'linux') return '';
  try {
    return execFileSync('ps', ['-o', `${column}=`, '-p', String(pid)], { encoding: 'latin1', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  } catch {
    return '';
  }
};

/** Fields of /proc/<pid>/stat from the state on; the command name before it may hold anything. */
const statFields = (pid: number): readonly string[] | undefined => {
  const stat = procFile(pid, 'stat');
  return stat?.slice(stat.lastIndexOf(')') + 2).split(' ');
};

/** Does the process exist, other than as a zombie? */
export const alive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (errnoOf(error) !== 'EPERM') return false;
  }
  return statFields(pid)?.[0] !== 'Z';
};

/** Program and arguments, separated by blanks; '' when it cannot be told. */
export const commandLine = (pid: number): string => procFile(pid, 'cmdline')?.replaceAll('\0', ' ').trim() ?? ps(pid, 'command');

const STARTED = 19;

/** When the process started, in the system's own form: tells a pid from the same pid used again. */
export const startedAt = (pid: number): string => statFields(pid)?.[STARTED] ?? ps(pid, 'lstart');
