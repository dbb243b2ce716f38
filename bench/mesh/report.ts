import { type Goal, type machine, table } from '../report.ts';
import type { Drain } from './drain.ts';
import type { Idle } from './idle.ts';
import { type Memory, nameOf } from './memory.ts';
import type { Pair } from './pair.ts';

export interface MeshResults {
  readonly memory?: Memory;
  readonly drains: readonly Drain[];
  readonly pair?: Pair;
  readonly idle?: Idle;
}
export interface MeshReport extends MeshResults {
  readonly machine: ReturnType<typeof machine>;
  readonly goals: readonly Goal[];
}

/** MB above idle. */
const MOST_MEMORY = 64;
/** Messages a second of one mailbox, and of many. */
const ONE_MAILBOX = 150;
const MANY_MAILBOXES = 400;

export function judgeMesh({ memory, drains, pair }: MeshResults): Goal[] {
  const goals: Goal[] = [];
  for (const run of memory?.runs ?? []) {
    const name = nameOf(run);
    goals.push({
      what: `${name}: memory above idle`,
      wanted: `< ${MOST_MEMORY} MB`,
      measured: `${run.above.toFixed(1)} MB`,
      met: run.above < MOST_MEMORY,
    });
    if (!run.same) goals.push({ what: `${name}: the same bytes`, wanted: 'yes', measured: 'no', met: false });
  }
  for (const { mailboxes, messages, rate, concurrent, faults } of drains) {
    const name = `${messages} messages in ${mailboxes === 1 ? 'one mailbox' : `${mailboxes} mailboxes`}`;
    const wanted = mailboxes === 1 ? ONE_MAILBOX : MANY_MAILBOXES;
    goals.push({ what: `${name}: a second`, wanted: `≥ ${wanted}`, measured: rate.toFixed(0), met: rate >= wanted });
    goals.push(...sound(name, faults, concurrent));
  }
  if (pair !== undefined) goals.push(...sound(`${pair.messages} messages, two daemons, the reader killed`, pair.faults, pair.concurrent));
  return goals;
}

const sound = (name: string, { missing, repeated, unprocessed }: Drain['faults'], concurrent: number): readonly Goal[] => {
  const sum = missing + repeated + unprocessed;
  return [
    {
      what: `${name}: lost, repeated, unprocessed`,
      wanted: '0',
      measured: sum === 0 ? '0' : `${missing}/${repeated}/${unprocessed}`,
      met: sum === 0,
    },
    { what: `${name}: requests of a mailbox at once`, wanted: '1', measured: String(concurrent), met: concurrent === 1 },
  ];
};

const memoryTable = ({ runs }: Memory): string =>
  table(
    ['', 'idle MB', 'above it MB', 'received s', 'forwarded s', 'same bytes'],
    runs.map((run) => [
      nameOf(run),
      run.idle.toFixed(0),
      run.above.toFixed(1),
      run.received.toFixed(1),
      run.forwarded.toFixed(1),
      run.same ? 'yes' : 'NO',
    ]),
  );

const drainTable = (drains: readonly Drain[]): string =>
  table(
    ['mailboxes', 'messages', 'acknowledged/s', 'processed/s', 'daemon', 'stand-in', 'postgres'],
    drains.map(({ mailboxes, messages, rate, processed, cpu }) => [
      String(mailboxes),
      String(messages),
      rate.toFixed(0),
      processed.toFixed(0),
      ...[cpu.daemon, cpu.standIn, cpu.postgres].map((ms) => ms.toFixed(2)),
    ]),
  );

/** The report as a person reads it. */
export function printedMesh({ machine: { cores, node, load }, memory, drains, pair, idle, goals }: MeshReport): string {
  const parts = [
    `${cores} cores, Node ${node}, load ${load.map((value) => value.toFixed(1)).join(' ')}; daemon, stand-in MESH server and PostgreSQL on this machine, mutual TLS, every commit on disk.`,
  ];
  if (memory !== undefined)
    parts.push(
      '',
      `Large messages: most resident memory of the daemon above what it was just before (${memory.idle.toFixed(0)} MB idle at first), PostgreSQL apart`,
      memoryTable(memory),
    );
  if (drains.length > 0)
    parts.push('', 'Small messages (0.9 kB ADT, mapped and filed): CPU in ms a message, by process', drainTable(drains));
  if (pair !== undefined)
    parts.push(
      '',
      `Two daemons on one mailbox: the reader killed after ${pair.killedAt} of ${pair.messages} messages, the other read on after ${pair.takeover.toFixed(1)} s.`,
    );
  if (idle !== undefined)
    parts.push(
      '',
      `${idle.mailboxes} empty mailboxes, ${idle.looks.toFixed(1)} looks each a minute: ${(idle.cpu.daemon / 1_000).toFixed(2)} s CPU a minute in the daemon, ${(idle.cpu.postgres / 1_000).toFixed(2)} s in PostgreSQL; ${idle.memory.toFixed(0)} MB resident.`,
    );
  parts.push(
    '',
    table(
      ['goal', 'wanted', 'measured', ''],
      goals.map((goal) => [goal.what, goal.wanted, goal.measured, goal.met ? 'met' : 'NOT MET']),
    ),
  );
  return parts.join('\n');
}
