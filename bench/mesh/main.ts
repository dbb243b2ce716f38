import { parseArgs } from 'node:util';
import { machine } from '../report.ts';
import { type Drain, runDrain } from './drain.ts';
import { runIdle } from './idle.ts';
import { LARGE_CASES, runMemory } from './memory.ts';
import { runPair } from './pair.ts';
import { judgeMesh, type MeshReport, type MeshResults, printedMesh } from './report.ts';

const PARTS = ['memory', 'one', 'many', 'pair', 'idle'] as const;
type Part = (typeof PARTS)[number];

export const MESH_USAGE = `npm run bench -- mesh [options]
  --only <…>          of memory (large messages), one (mailbox), many (mailboxes), pair (of daemons), idle
  --quick             fewer and smaller: a first look, whose figures are not the goals'
  --json              the report as JSON on standard output; progress on standard error`;

export interface MeshOptions {
  readonly parts: readonly Part[];
  readonly quick: boolean;
  readonly json: boolean;
}

const isPart = (text: string): text is Part => PARTS.some((part) => part === text);

/** Throws on an option that does not exist or has no sense. */
export function readMeshOptions(args: readonly string[]): MeshOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      only: { type: 'string', default: PARTS.join(',') },
      quick: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
    },
  });
  const parts = values.only.split(',').map((text) => {
    if (!isPart(text)) throw new TypeError(`--only: ${text} is none of ${PARTS.join(', ')}`);
    return text;
  });
  return { parts, quick: values.quick, json: values.json };
}

async function measure({ parts, quick }: MeshOptions, say: (line: string) => void): Promise<MeshReport> {
  const wants = (part: Part): boolean => parts.includes(part);
  const drains: Drain[] = [];
  const less = quick ? 10 : 1;
  const memory = wants('memory') ? await runMemory(quick ? LARGE_CASES.slice(0, 1) : LARGE_CASES, say) : undefined;
  for (const [part, mailboxes, messages] of [
    ['one', 1, 5_000],
    ['many', 50, 20_000],
  ] as const) {
    if (!wants(part)) continue;
    const drain = await runDrain(mailboxes, messages / less);
    drains.push(drain);
    say(`drain: ${drain.messages} in ${mailboxes}: ${drain.rate.toFixed(0)}/s, ${drain.cpu.daemon.toFixed(2)} ms CPU of the daemon each`);
  }
  const pair = wants('pair') ? await runPair(5_000 / less) : undefined;
  if (pair !== undefined) say(`pair: read on after ${pair.takeover.toFixed(1)} s`);
  const idle = wants('idle') ? await runIdle(250, quick ? 15 : 60) : undefined;
  const results: MeshResults = {
    ...(memory === undefined ? {} : { memory }),
    drains,
    ...(pair === undefined ? {} : { pair }),
    ...(idle === undefined ? {} : { idle }),
  };
  return { machine: machine(), ...results, goals: judgeMesh(results) };
}

/** Measures and prints; a goal not met is shown and is no failure of the command. Returns the exit code. */
export async function benchMesh(args: readonly string[]): Promise<number> {
  let options: MeshOptions;
  try {
    options = readMeshOptions(args);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n${MESH_USAGE}\n`);
    return 2;
  }
  const report = await measure(options, (line) => process.stderr.write(`${line}\n`));
  process.stdout.write(`${options.json ? JSON.stringify(report, undefined, 2) : printedMesh(report)}\n`);
  return 0;
}
