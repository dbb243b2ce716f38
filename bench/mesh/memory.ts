import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Kind } from './bytes.ts';
import { idleMemory, MemoryWatch } from './memory-watch.ts';
import { type MeshRig, mailboxIds, startMeshRig } from './rig.ts';
import { FORWARDS, type Forward, SMALL } from './site.ts';
import type { Drained, LargePut, Received, SmallPut } from './stand-in.ts';

/** One large message on its way through. */
export interface LargeCase {
  readonly workflow: Forward;
  readonly kind: Kind;
  /** Bytes of each chunk as received. */
  readonly chunkBytes: number;
  readonly chunks: number;
}
export interface LargeRun extends LargeCase {
  /** Resident memory just before, with nothing to do; MB. */
  readonly idle: number;
  /** Most above that, MB. */
  readonly above: number;
  /** From its arrival in the mailbox until it was journalled and acknowledged, and until the far side had it whole; seconds. */
  readonly received: number;
  readonly forwarded: number;
  /** What came is what was sent. */
  readonly same: boolean;
}
export interface Memory {
  /** MB, after the warm-up. */
  readonly idle: number;
  readonly runs: readonly LargeRun[];
}

const MB = 1_000_000;
const LONGEST = 900_000;
const cases = (workflow: Forward, kind: Kind): readonly LargeCase[] => [
  { workflow, kind, chunkBytes: 100 * MB, chunks: 1 },
  { workflow, kind, chunkBytes: 50 * MB, chunks: 10 },
];
/** Every way out with what cannot be compressed; with what can, the ways that differ for it. */
export const LARGE_CASES: readonly LargeCase[] = [
  ...cases('BENCH_MESH', 'random'),
  ...cases('BENCH_MESH', 'text'),
  ...cases('BENCH_CLIENT', 'random'),
  ...cases('BENCH_CLIENT', 'text'),
  ...cases('BENCH_BESIDE', 'random'),
  ...cases('BENCH_FOLDER', 'random'),
];

/** What lies in a folder of the far side, taken out; none while it is not whole. */
async function takenFrom(folder: string, digestToo: boolean): Promise<readonly Received[]> {
  const found: Received[] = [];
  const names = await readdir(folder).catch(() => []);
  const paired = names.some((name) => name.endsWith('.ctl'));
  for (const name of names) {
    if (name.startsWith('.')) continue;
    const path = join(folder, name);
    // Beside a control file, which has its name last, the data file is whole.
    if (name.endsWith('.dat') ? !paired : name.endsWith('.ctl')) continue;
    const { size } = await stat(path);
    const hash = createHash('sha256');
    if (digestToo) for await (const piece of createReadStream(path)) hash.update(piece);
    found.push({ digest: hash.digest('hex'), size, chunks: 1 });
  }
  if (found.length > 0) for (const name of names) await rm(join(folder, name), { recursive: true });
  return found;
}

class Journey {
  readonly #rig: MeshRig;
  readonly #mailbox: string;

  constructor(rig: MeshRig, mailbox: string) {
    this.#rig = rig;
    this.#mailbox = mailbox;
  }

  #arrived(workflow: Forward): Promise<readonly Received[]> {
    const to = FORWARDS[workflow];
    return to === 'mesh' ? this.#rig.standIn.call('received') : takenFrom(join(this.#rig.folder, to), true);
  }

  /** Sends a message through the daemon and waits until the far side has it. */
  async go(put: Omit<LargePut, 'mailbox'> & { readonly workflow: Forward }): Promise<Pick<LargeRun, 'received' | 'forwarded' | 'same'>> {
    const [daemon] = this.#rig.daemons;
    const sent = await this.#rig.standIn.call<Received>('putLarge', { ...put, mailbox: this.#mailbox } satisfies LargePut);
    const since = performance.now();
    let received = Number.NaN;
    for (;;) {
      const passed = (performance.now() - since) / 1_000;
      if (Number.isNaN(received) && (await this.#rig.standIn.call<Drained>('drained')).waiting === 0) received = passed;
      const came = await this.#arrived(put.workflow);
      if (came.length > 0 && !Number.isNaN(received)) {
        const [only] = came;
        return { received, forwarded: passed, same: came.length === 1 && only?.digest === sent.digest && only.size === sent.size };
      }
      if (came.length > 0) throw new Error('the far side has a message that is still in the mailbox');
      if (performance.now() - since > LONGEST || daemon?.running !== true)
        throw new Error(`a message did not come through:\n${daemon?.said}`);
      await sleep(200);
    }
  }
}

/** Small messages by every way, until code and pools are as they are on any day. */
async function warmUp(rig: MeshRig, journey: Journey, mailbox: string): Promise<void> {
  await rig.standIn.call('putSmall', { mailboxes: [mailbox], each: 1_500, workflow: SMALL, load: 1 } satisfies SmallPut);
  for (let since = performance.now(); (await rig.standIn.call<Drained>('drained')).waiting > 0; await sleep(100))
    if (performance.now() - since > LONGEST) throw new Error(`the warm-up did not end:\n${rig.daemons[0]?.said}`);
  for (const workflow of Object.keys(FORWARDS))
    if (isForward(workflow))
      for (const kind of ['random', 'text'] as const)
        await journey.go({ workflow, kind, seed: `small ${workflow} ${kind}`, chunkBytes: 40_000, chunks: 1, compress: false });
}
const isForward = (workflow: string): workflow is Forward => workflow in FORWARDS;

/** Peak of the daemon's memory while each large message is received, journalled and forwarded; all in one daemon, one after the other. */
export async function runMemory(large: readonly LargeCase[], say: (line: string) => void): Promise<Memory> {
  const mailboxes = mailboxIds(1);
  const rig = await startMeshRig({ mailboxes, poll: '500ms' });
  try {
    const [mailbox = ''] = mailboxes;
    const pid = rig.daemons[0]?.child.pid ?? 0;
    const journey = new Journey(rig, mailbox);
    await warmUp(rig, journey, mailbox);
    const idle = await idleMemory(pid);
    say(`memory: idle at ${idle.toFixed(0)} MB`);
    const runs: LargeRun[] = [];
    for (const [index, one] of large.entries()) {
      // What the one before left may have been let go: each is compared with what it found.
      const before = await idleMemory(pid);
      const watch = new MemoryWatch(pid);
      const went = await journey.go({ ...one, seed: `large ${index}`, compress: one.kind === 'text' });
      const run = { ...one, ...went, idle: before, above: watch.end() - before };
      runs.push(run);
      say(
        `memory: ${nameOf(one)}: ${run.above.toFixed(0)} MB above ${before.toFixed(0)}, received in ${run.received.toFixed(1)} s, forwarded in ${run.forwarded.toFixed(1)} s`,
      );
    }
    return { idle, runs };
  } finally {
    await rig.end();
  }
}

export const nameOf = ({ workflow, kind, chunkBytes, chunks }: LargeCase): string =>
  `${(chunkBytes * chunks) / MB} MB${chunks > 1 ? ` in ${chunks}` : ''}, ${kind === 'text' ? 'compressible' : 'incompressible'}, to ${FORWARDS[workflow]}`;
