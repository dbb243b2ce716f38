import { cpus, loadavg } from 'node:os';
import type { Heap, Profile, Run } from './measure.ts';

/** Medians of the runs of one cell. */
export type Cell = Omit<Run, 'stages'> & { readonly runs: number; readonly stages: Run['stages'] };

export interface Report {
  readonly machine: { readonly cores: number; readonly node: string; readonly load: readonly number[] };
  readonly cells: readonly Cell[];
  readonly heaps: readonly Heap[];
  readonly profiles: readonly Profile[];
  readonly goals: readonly Goal[];
}
export interface Goal {
  readonly what: string;
  readonly wanted: string;
  readonly measured: string;
  readonly met: boolean;
}

export const machine = (): Report['machine'] => ({ cores: cpus().length, node: process.version, load: loadavg() });

function median(values: readonly (number | undefined)[]): number | undefined {
  const known = values.filter((value) => value !== undefined).sort((a, b) => a - b);
  const middle = Math.floor(known.length / 2);
  const [low, high] = [known[known.length % 2 === 0 ? middle - 1 : middle], known[middle]];
  return low === undefined || high === undefined ? undefined : (low + high) / 2;
}
const sure = (values: readonly number[]): number => median(values) ?? Number.NaN;

/** One cell out of its runs: rates and times as medians, faults as sums. */
export function cellOf(runs: readonly Run[]): Cell {
  const [first] = runs;
  if (first === undefined) throw new RangeError('a cell has at least one run');
  const middle = (pick: (run: Run) => number): number => sure(runs.map(pick));
  const sum = (pick: (run: Run) => number): number => runs.reduce((total, run) => total + pick(run), 0);
  const stages: Record<string, { ms: number; times: number }> = {};
  for (const stage of new Set(runs.flatMap((run) => Object.keys(run.stages)))) {
    stages[stage] = { ms: middle((run) => run.stages[stage]?.ms ?? 0), times: middle((run) => run.stages[stage]?.times ?? 0) };
  }
  return {
    backend: first.backend,
    connections: first.connections,
    runs: runs.length,
    messages: first.messages,
    acknowledged: middle((run) => run.acknowledged),
    delivered: middle((run) => run.delivered),
    p50: middle((run) => run.p50),
    p95: middle((run) => run.p95),
    p99: middle((run) => run.p99),
    most: middle((run) => run.most),
    refused: sum((run) => run.refused),
    undelivered: sum((run) => run.undelivered),
    repeated: sum((run) => run.repeated),
    misordered: sum((run) => run.misordered),
    cpu: {
      daemon: middle((run) => run.cpu.daemon),
      postgres: median(runs.map((run) => run.cpu.postgres)),
      redis: median(runs.map((run) => run.cpu.redis)),
      generator: middle((run) => run.cpu.generator),
      receiver: middle((run) => run.cpu.receiver),
    },
    insert: { one: middle((run) => run.insert.one), ten: middle((run) => run.insert.ten) },
    stages,
  };
}

/** Under this many single-row commits a second a machine is judged by ratios. */
const QUIET = 1_800;
const RATES = [
  { backend: 'redis', connections: 10, rate: 2_000, ratio: 1 },
  { backend: 'redis', connections: 50, rate: 3_000, ratio: 1.5 },
  { backend: 'embedded', connections: 10, rate: 1_500, ratio: 0.8 },
] as const;
const HEAP_GROWTH = 10 * 1024 * 1024;

/** What was aimed at beside what was measured. A number of a loaded machine says little: see the INSERT rate beside it. */
export function judge(cells: readonly Cell[], heaps: readonly Heap[]): Goal[] {
  const goals: Goal[] = [];
  for (const cell of cells) {
    const name = `${cell.backend}, ${cell.connections} connections`;
    const aim = RATES.find((rate) => rate.backend === cell.backend && rate.connections === cell.connections);
    if (aim !== undefined) {
      const wanted = cell.insert.one >= QUIET ? aim.rate : aim.ratio * cell.insert.one;
      const how = cell.insert.one >= QUIET ? '' : ` (${aim.ratio} × ${cell.insert.one.toFixed(0)} INSERT/s)`;
      goals.push({
        what: `${name}: delivered a second`,
        wanted: `≥ ${wanted.toFixed(0)}${how}`,
        measured: cell.delivered.toFixed(0),
        met: cell.delivered >= wanted,
      });
    }
    if (cell.connections <= 50)
      goals.push({ what: `${name}: p99 ACK`, wanted: '< 50 ms', measured: `${cell.p99.toFixed(1)} ms`, met: cell.p99 < 50 });
    goals.push({
      what: `${name}: daemon CPU a message`,
      wanted: '< 0.50 ms',
      measured: `${cell.cpu.daemon.toFixed(3)} ms`,
      met: cell.cpu.daemon < 0.5,
    });
    const faults = cell.refused + cell.undelivered + cell.repeated + cell.misordered;
    goals.push({ what: `${name}: refused, lost, repeated, out of order`, wanted: '0', measured: String(faults), met: faults === 0 });
  }
  for (const { backend, at } of heaps) {
    const [first, last] = [at[0], at.at(-1)];
    if (first === undefined || last === undefined || first === last) continue;
    const growth = last.bytes - first.bytes;
    goals.push({
      what: `${backend}: heap from ${first.messages} to ${last.messages} messages`,
      wanted: '≤ +10 MB',
      measured: `${(growth / 1_048_576).toFixed(1)} MB`,
      met: growth <= HEAP_GROWTH,
    });
  }
  return goals;
}

/** Columns as wide as their widest entry; numbers to the right. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]): string =>
    row.map((text, column) => (column === 0 ? text.padEnd(widths[column] ?? 0) : text.padStart(widths[column] ?? 0))).join('  ');
  return [line(head), ...rows.map(line)].join('\n');
}
const ms = (value: number | undefined): string => (value === undefined ? '–' : value.toFixed(3));

function cellsTable(cells: readonly Cell[]): string {
  const head = [
    '',
    'conn',
    'ACK/s',
    'delivered/s',
    '× INSERT',
    'p50',
    'p95',
    'p99 ms',
    'daemon',
    'postgres',
    'redis',
    'generator',
    'receiver',
  ];
  return table(
    [...head, 'INSERT/s ×1', '×10', 'faults'],
    cells.map((cell) => [
      cell.backend,
      String(cell.connections),
      cell.acknowledged.toFixed(0),
      cell.delivered.toFixed(0),
      (cell.delivered / cell.insert.one).toFixed(2),
      cell.p50.toFixed(1),
      cell.p95.toFixed(1),
      cell.p99.toFixed(1),
      ms(cell.cpu.daemon),
      ms(cell.cpu.postgres),
      ms(cell.cpu.redis),
      ms(cell.cpu.generator),
      ms(cell.cpu.receiver),
      cell.insert.one.toFixed(0),
      cell.insert.ten.toFixed(0),
      `${cell.refused}/${cell.undelivered}/${cell.repeated}/${cell.misordered}`,
    ]),
  );
}

function stagesTable(cells: readonly Cell[]): string {
  const stages = [...new Set(cells.flatMap((cell) => Object.keys(cell.stages)))];
  if (stages.length === 0) return 'The daemon shows no throughcare_stage_seconds.';
  return table(
    ['stage', ...cells.map((cell) => `${cell.backend} ${cell.connections}`)],
    stages.map((stage) => [stage, ...cells.map((cell) => ms(cell.stages[stage]?.ms))]),
  );
}

/** The report as a person reads it. */
export function printed({ machine: { cores, node, load }, cells, heaps, profiles, goals }: Report): string {
  const parts = [
    `${cores} cores, Node ${node}, load ${load.map((value) => value.toFixed(1)).join(' ')}; medians of ${cells[0]?.runs ?? 0} interleaved runs of ${cells[0]?.messages ?? 0} messages`,
    'MLLP in → map → record → route → lane → MLLP out, 0.9 kB ADT, 500 patients, every sender waiting for its ACK, every commit on disk.',
    '',
    'CPU in ms a message, by process; faults: refused/lost/repeated/out of order',
    cellsTable(cells),
    '',
    'Time by stage, ms a message (sum of throughcare_stage_seconds; waiting included)',
    stagesTable(cells),
  ];
  for (const { backend, places } of profiles) {
    const shown = places.filter(({ ms: spent }) => spent >= 0.002);
    parts.push('', `CPU of the daemon's main thread by place, ${backend}, 10 connections, ms a message`);
    parts.push(
      table(
        ['place', 'ms'],
        shown.map(({ place, ms: spent }) => [place, ms(spent)]),
      ),
    );
  }
  for (const { backend, at } of heaps) {
    const marks = at.map(({ messages, bytes }) => `${(bytes / 1_048_576).toFixed(1)} MB at ${messages}`);
    parts.push('', `Heap in use after collection, ${backend}: ${marks.join(', ')}`);
  }
  parts.push(
    '',
    table(
      ['goal', 'wanted', 'measured', ''],
      goals.map((goal) => [goal.what, goal.wanted, goal.measured, goal.met ? 'met' : 'NOT MET']),
    ),
  );
  return parts.join('\n');
}
