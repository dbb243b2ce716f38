import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Backend } from './daemon.ts';
import { type Heap, type Profile, type Run, runCell, runHeap, runProfile } from './measure.ts';
import { benchMesh } from './mesh/main.ts';
import { cellOf, judge, machine, printed, type Report } from './report.ts';

const USAGE = `npm run bench -- [options], or npm run bench -- mesh [options]
  --runs <n>          runs of each cell, interleaved (3)
  --messages <n>      messages measured in each run (15000)
  --connections <…>   of the sender (10,50,200)
  --backends <…>      redis, embedded, or both (redis,embedded)
  --no-heap           leave out the heap at 20,000 and 100,000 messages
  --no-profile        leave out the processor time by place
  --no-reader         leave out the HL7 reader beside plain split and node-hl7-client
  --quick             one run of 2,000 messages, no heap
  BENCH_PROFILE=<file> in the environment keeps the daemon's whole profile, of the last backend measured
  --json              the report as JSON on standard output; progress on standard error`;

export interface Options {
  readonly runs: number;
  readonly messages: number;
  readonly connections: readonly number[];
  readonly backends: readonly Backend[];
  readonly heap: boolean;
  readonly profile: boolean;
  readonly reader: boolean;
  readonly json: boolean;
}

class UsageError extends Error {}

function whole(name: string, text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new UsageError(`--${name}: ${text} is not a whole number above 0`);
  return value;
}
const isBackend = (text: string): text is Backend => text === 'redis' || text === 'embedded';

/** Throws UsageError on an option that does not exist or has no sense. */
export function readOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    allowNegative: true,
    options: {
      runs: { type: 'string' },
      messages: { type: 'string' },
      connections: { type: 'string', default: '10,50,200' },
      backends: { type: 'string', default: 'redis,embedded' },
      heap: { type: 'boolean' },
      profile: { type: 'boolean', default: true },
      reader: { type: 'boolean', default: true },
      quick: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
    },
  });
  return {
    runs: whole('runs', values.runs ?? (values.quick ? '1' : '3')),
    messages: whole('messages', values.messages ?? (values.quick ? '2000' : '15000')),
    connections: values.connections.split(',').map((text) => whole('connections', text)),
    backends: values.backends.split(',').map((text) => {
      if (!isBackend(text)) throw new UsageError(`--backends: ${text} is neither redis nor embedded`);
      return text;
    }),
    heap: values.heap ?? !values.quick,
    profile: values.profile,
    reader: values.reader,
    json: values.json,
  };
}

/** Each round runs every cell once, beginning one further each time, so that a slow minute falls on all alike. */
async function runCells(options: Options, say: (line: string) => void): Promise<Run[]> {
  const cells = options.backends.flatMap((backend) => options.connections.map((connections) => ({ backend, connections })));
  const runs: Run[] = [];
  for (let round = 0; round < options.runs; round += 1) {
    for (let at = 0; at < cells.length; at += 1) {
      const cell = cells[(at + round) % cells.length];
      if (cell === undefined) continue;
      const run = await runCell(cell.backend, cell.connections, options.messages);
      runs.push(run);
      say(
        `run ${runs.length} of ${cells.length * options.runs}: ${cell.backend}, ${cell.connections} connections: ${run.delivered.toFixed(0)}/s, p99 ${run.p99.toFixed(1)} ms, ${run.cpu.daemon.toFixed(3)} ms CPU`,
      );
    }
  }
  return runs;
}

async function measure(options: Options, say: (line: string) => void): Promise<Report> {
  const runs = await runCells(options, say);
  const profiles: Profile[] = [];
  const heaps: Heap[] = [];
  for (const backend of options.backends) {
    if (options.profile) {
      say(`profile: ${backend}`);
      profiles.push(await runProfile(backend, Math.min(options.messages, 10_000)));
    }
    if (options.heap) {
      say(`heap at 20,000 and 100,000 messages: ${backend}`);
      heaps.push(await runHeap(backend, [20_000, 100_000]));
    }
  }
  const groups = options.backends.flatMap((backend) =>
    options.connections.map((connections) => runs.filter((run) => run.backend === backend && run.connections === connections)),
  );
  const cells = groups.map(cellOf);
  return { machine: machine(), cells, heaps, profiles, goals: judge(cells, heaps) };
}

/** The reader's own benchmark (bench/reader.ts), a program of its own so that it starts with a cold heap. */
function measureReader(json: boolean): string {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(__dirname, 'reader.js'), ...(json ? ['--json'] : [])], {
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`the benchmark of the reader failed:\n${stderr}`);
  return stdout;
}

/** Measures and prints; a goal not met is shown and is no failure of the command. Returns the exit code. */
export async function main(args: readonly string[]): Promise<number> {
  const [first, ...rest] = args;
  if (first === 'mesh') return benchMesh(rest);
  let options: Options;
  try {
    options = readOptions(args);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n${USAGE}\n`);
    return 2;
  }
  const report = await measure(options, (line) => process.stderr.write(`${line}\n`));
  const reader = options.reader ? measureReader(options.json) : undefined;
  if (options.json) {
    const read: unknown = reader === undefined ? undefined : JSON.parse(reader);
    process.stdout.write(`${JSON.stringify({ ...report, reader: read }, undefined, 2)}\n`);
  } else {
    process.stdout.write(`${printed(report)}\n${reader === undefined ? '' : `\n${reader}`}`);
  }
  return 0;
}
