import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** /proc/<pid>/stat after the name, which may hold blanks and brackets. Field numbers as in proc(5). */
function stat(pid: number): ((field: number) => number) | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return (field) => Number(fields[field - 3]);
  } catch {
    return undefined;
  }
}

/** Clock ticks a second as Linux shows them to programs: 100 on every platform Node runs on. */
const TICK_MS = 10;

/**
 * Milliseconds of processor time of a process, its children alive now and those it has waited for. undefined where there is no /proc.
 */
export function cpuOfFamily(parent: number): number | undefined {
  const own = stat(parent);
  if (own === undefined) return undefined;
  let ticks = own(14) + own(15) + own(16) + own(17);
  for (const name of readdirSync('/proc')) {
    const child = /^\d+$/.test(name) ? stat(Number(name)) : undefined;
    if (child !== undefined && child(4) === parent) ticks += child(14) + child(15);
  }
  return ticks * TICK_MS;
}

/** The server process of a PostgreSQL cluster. */
export function postmasterOf(cluster: string): number {
  return Number(readFileSync(join(cluster, 'postmaster.pid'), 'latin1').split('\n')[0]);
}
