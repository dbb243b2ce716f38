import { readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

const EVERY = 20;
const MB = 1_048_576;

/** A field of /proc/<pid>/status in bytes. Throws where there is no /proc: this bench needs Linux. */
const field = (pid: number, name: 'VmRSS' | 'VmHWM'): number => {
  const found = new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'latin1'));
  return Number(found?.[1]) * 1024;
};

/** Resident memory of a process after it has been left in peace for some seconds, in MB: the middle of many looks. */
export const idleMemory = async (pid: number, milliseconds = 3_000): Promise<number> => {
  const seen: number[] = [];
  for (const until = performance.now() + milliseconds; performance.now() < until; await sleep(EVERY)) seen.push(field(pid, 'VmRSS'));
  seen.sort((a, b) => a - b);
  return (seen[Math.floor(seen.length / 2)] ?? Number.NaN) / MB;
};

/** Most resident memory of a process while it is watched: what the kernel notes where it lets us begin anew, and what is seen every 20 ms. */
export class MemoryWatch {
  readonly #pid: number;
  readonly #timer: NodeJS.Timeout;
  readonly #begunAnew: boolean;
  #most = 0;

  constructor(pid: number) {
    this.#pid = pid;
    this.#begunAnew = forgetMost(pid);
    this.#timer = setInterval(() => this.#look(), EVERY);
  }

  #look(): void {
    this.#most = Math.max(this.#most, field(this.#pid, 'VmRSS'));
  }

  /** The most, in MB. */
  end(): number {
    clearInterval(this.#timer);
    this.#look();
    return (this.#begunAnew ? Math.max(this.#most, field(this.#pid, 'VmHWM')) : this.#most) / MB;
  }
}

const forgetMost = (pid: number): boolean => {
  try {
    writeFileSync(`/proc/${pid}/clear_refs`, '5');
    return true;
  } catch {
    return false;
  }
};
