import type { Backend, Rig } from './daemon.ts';
import { startRig } from './daemon.ts';
import type { Acknowledged, Load } from './generator.ts';
import { insertRate } from './insert-rate.ts';
import { PATIENTS } from './messages.ts';
import type { Delivered } from './receiver.ts';
import { type Stages, stagesBetween } from './stages.ts';

/** One run of one cell of the table. Rates a second, times in milliseconds. */
export interface Run {
  readonly backend: Backend;
  readonly connections: number;
  readonly messages: number;
  readonly acknowledged: number;
  /** From the first byte sent to the last message delivered. */
  readonly delivered: number;
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly most: number;
  readonly refused: number;
  readonly undelivered: number;
  readonly repeated: number;
  readonly misordered: number;
  /** Processor time a message. */
  readonly cpu: {
    readonly daemon: number;
    readonly postgres: number | undefined;
    readonly redis: number | undefined;
    readonly generator: number;
    readonly receiver: number;
  };
  /** Rows a second, one durable INSERT each, on the same server just before: on 1 and on 10 connections. */
  readonly insert: { readonly one: number; readonly ten: number };
  readonly stages: Stages;
}

/** A loaded machine may be slow; past this nothing comes any more. */
const LONGEST_DRAIN = 120_000;

/** Waits until `count` messages have been delivered in all; gives what there is when nothing more comes. */
async function drained(rig: Rig, count: number): Promise<Delivered> {
  let timer: NodeJS.Timeout | undefined;
  const tooLong = new Promise<Delivered>((resolve, reject) => {
    timer = setTimeout(() => rig.receiver.call<Delivered>('now').then(resolve, reject), LONGEST_DRAIN);
  });
  try {
    return await Promise.race([rig.receiver.call<Delivered>('until', count), tooLong]);
  } finally {
    clearTimeout(timer);
  }
}

const send = (rig: Rig, load: Omit<Load, 'port'>): Promise<Acknowledged> =>
  rig.generator.call<Acknowledged>('send', { port: rig.port, ...load });

/** A reception for each patient, then updates, until the code is warm. Returns how many messages were sent. */
export async function warmUp(rig: Rig, connections: number, messages: number): Promise<number> {
  await send(rig, { connections: Math.min(connections, 50), messages: PATIENTS, event: 'A01', load: 1 });
  await send(rig, { connections, messages, event: 'A08', load: 2 });
  const count = PATIENTS + messages;
  const { messages: delivered } = await drained(rig, count);
  if (delivered < count) throw new Error(`only ${delivered} of ${count} messages of the warm-up were delivered:\n${rig.daemon.said}`);
  return count;
}

/** Sends `messages` and measures until the last is delivered. `before` is what the receiver has had already. */
async function measured(rig: Rig, connections: number, messages: number, before: number, insert: Run['insert']): Promise<Run> {
  const [metrics, spent] = [await rig.metrics(), await rig.cpu()];
  const atFirst = await rig.receiver.call<Delivered>('now');
  const sent = await send(rig, { connections, messages, event: 'A08', load: 3 });
  const received = await drained(rig, before + messages);
  const after = await rig.cpu();
  const less = (later: number | undefined, earlier: number | undefined): number | undefined =>
    later === undefined || earlier === undefined ? undefined : (later - earlier) / messages;
  return {
    backend: rig.backend,
    connections,
    messages,
    acknowledged: (messages * 1_000) / (sent.ended - sent.began),
    delivered: (messages * 1_000) / (received.ended - sent.began),
    ...sent.latency,
    refused: sent.refused,
    undelivered: before + messages - received.messages,
    repeated: received.repeated - atFirst.repeated,
    misordered: received.misordered - atFirst.misordered,
    cpu: {
      daemon: (after.daemon - spent.daemon) / messages,
      postgres: less(after.postgres, spent.postgres),
      redis: less(after.redis, spent.redis),
      generator: sent.cpu / messages,
      receiver: received.cpu / messages,
    },
    insert,
    stages: stagesBetween(metrics, await rig.metrics(), messages),
  };
}

/** One run on a daemon and a store of its own. */
export async function runCell(backend: Backend, connections: number, messages: number): Promise<Run> {
  const rig = await startRig(backend);
  try {
    const insert = { one: await insertRate(rig.target, 1), ten: await insertRate(rig.target, 10) };
    const before = await warmUp(rig, connections, Math.min(messages, 3_000));
    return await measured(rig, connections, messages, before, insert);
  } finally {
    await rig.end();
  }
}

export interface Heap {
  readonly backend: Backend;
  readonly at: readonly { readonly messages: number; readonly bytes: number }[];
}

/** Heap in use after collection, once the daemon has delivered each of `marks` messages in all (ascending). */
export async function runHeap(backend: Backend, marks: readonly number[]): Promise<Heap> {
  const rig = await startRig(backend);
  const at: { messages: number; bytes: number }[] = [];
  try {
    let count = await warmUp(rig, 50, 1_000);
    for (const [index, mark] of marks.entries()) {
      await send(rig, { connections: 50, messages: mark - count, event: 'A08', load: 3 + index });
      const { messages } = await drained(rig, mark);
      if (messages < mark) throw new Error(`only ${messages} of ${mark} messages were delivered`);
      count = mark;
      at.push({ messages: mark, bytes: await rig.daemon.call<number>('heap') });
    }
    return { backend, at };
  } finally {
    await rig.end();
  }
}

export interface Profile {
  readonly backend: Backend;
  /** Milliseconds of processor time of the daemon's main thread a message, by room, package or runtime. */
  readonly places: readonly { readonly place: string; readonly ms: number }[];
}

/** Where the daemon's main thread spends its time at 10 connections, by sampling; slower than a plain run. */
export async function runProfile(backend: Backend, messages: number): Promise<Profile> {
  const rig = await startRig(backend);
  try {
    const before = await warmUp(rig, 10, Math.min(messages, 3_000));
    await rig.daemon.call('profile');
    await send(rig, { connections: 10, messages, event: 'A08', load: 3 });
    await drained(rig, before + messages);
    const spent = await rig.daemon.call<Record<string, number>>('profiled');
    const places = Object.entries(spent).map(([place, ms]) => ({ place, ms: ms / messages }));
    return { backend, places: places.sort((a, b) => b.ms - a.ms) };
  } finally {
    await rig.end();
  }
}
