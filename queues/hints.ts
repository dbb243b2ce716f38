import type { DeliveryId, LaneId } from '../records/ids.ts';
import type { ClaimRef, Head } from '../records/lanes.ts';
import { PRIORITY, type Priority } from '../records/states.ts';
import type { Telemetry } from '../records/telemetry.ts';
import { type HintQueue, within } from './backend.ts';
import { batchOptions, type HintJob, KEPT_COMPLETED, MOST_BYTES, MOST_HEADS, ownOptions } from './job.ts';

export interface HintsParts {
  readonly name: string;
  readonly queue: HintQueue;
  readonly telemetry: Telemetry;
  /** Heads a job may hold now: fewer for a slow receiver, so that an urgent one need not wait behind many. */
  readonly batchSize: () => number;
  /** Hints did not reach the backend: their heads are found by reconcile. */
  readonly onLost: () => void;
}

type Waiting = Head & { readonly size: number };
type Job = Parameters<HintQueue['addBulk']>[0][number];

/** Milliseconds between two flushes: under load more heads share a job; the first after a pause leaves at once. */
const GAP = 12;
const DEADLINE = 5_000;
/** Above this many jobs one bulk call is cheaper than single ones. */
const SINGLY = 8;
const QUIET = 5_000;
const BULK = 500;
const BULK_DEADLINE = 20_000;
/** A completed job costs its removal later: this often one is kept, for those who look at the queues. */
const KEEP_EVERY = 250;
/** Heads kept in memory while the backend does not answer; beyond, they are left to reconcile. */
const MOST_WAITING = 50_000;

/**
 * Puts hints for heads of one destination into its queue. Never makes its caller wait and never throws: what does not get through
 * in time is reported lost.
 */
export class Hints {
  readonly #parts: HintsParts;
  #waiting: Waiting[] = [];
  #own: Job[] = [];
  #timer: NodeJS.Timeout | undefined;
  #flushing: Promise<void> | undefined;
  #last = Number.NEGATIVE_INFINITY;
  #told = Number.NEGATIVE_INFINITY;
  #kept = Number.NEGATIVE_INFINITY;

  constructor(parts: HintsParts) {
    this.#parts = parts;
  }

  /** Heads that may be sent now. */
  now(heads: readonly (Head & { readonly size?: number })[]): void {
    if (this.#waiting.length + heads.length > MOST_WAITING) {
      this.#lost('full', heads.length);
      return;
    }
    for (const head of heads) this.#waiting.push({ size: 0, ...head });
    if (heads.length > 0) this.#arm();
  }

  /** One head that is to be looked at after a while. */
  later(ref: ClaimRef & { readonly priority: Priority }, delayMs: number, ask = false): void {
    const data: HintJob = { h: [[ref.lane, ref.delivery]], p: ref.priority, ...(ask ? { ask: true as const } : {}) };
    this.#own.push({ name: ask ? 'ask' : 'retry', data, opts: ownOptions(ref.delivery, ref.token, ref.priority, delayMs) });
    this.#arm();
  }

  /** One head whose outcome is to be asked for now. No job id: that of a daemon that died with the job in hand would still be known. */
  ask({ lane, delivery, priority }: Head): void {
    this.#own.push({ name: 'ask', data: { h: [[lane, delivery]], p: priority, ask: true }, opts: batchOptions(priority) });
    this.#arm();
  }

  /** For show: a job that fails at once with the code its delivery is held for. */
  held(ref: ClaimRef & { readonly priority: Priority }, code: string): void {
    this.#own.push({
      name: 'held',
      data: { h: [[ref.lane, ref.delivery]], p: ref.priority, code },
      opts: ownOptions(ref.delivery, ref.token, ref.priority, 0),
    });
    this.#arm();
  }

  /** Any number of heads, in bulk, awaited: for reconcile. Rejects when the backend did not take them. */
  async all(heads: readonly Head[]): Promise<void> {
    const jobs = batches(
      heads.map((head) => ({ size: 0, ...head })),
      MOST_HEADS,
    );
    for (let at = 0; at < jobs.length; at += BULK)
      await within(BULK_DEADLINE, 'adding hints', this.#parts.queue.addBulk(jobs.slice(at, at + BULK)));
  }

  /** Resolves when nothing waits any more, got through or not. */
  async drained(): Promise<void> {
    while (this.#flushing !== undefined || this.#timer !== undefined || this.#size() > 0) {
      clearTimeout(this.#timer);
      this.#timer = undefined;
      await (this.#flushing ?? this.#flush());
    }
  }

  #size(): number {
    return this.#waiting.length + this.#own.length;
  }

  #arm(): void {
    if (this.#timer !== undefined || this.#flushing !== undefined) return;
    const wait = Math.max(0, this.#last + GAP - performance.now());
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      void this.#flush();
    }, wait);
  }

  #flush(): Promise<void> {
    if (this.#size() === 0) return Promise.resolve();
    const heads = this.#waiting;
    const jobs = this.#keepOne([...batches(heads, this.#parts.batchSize()), ...this.#own]);
    this.#waiting = [];
    this.#own = [];
    this.#flushing = this.#send(jobs, heads.length).finally(() => {
      this.#flushing = undefined;
      this.#last = performance.now();
      if (this.#size() > 0) this.#arm();
    });
    return this.#flushing;
  }

  #keepOne(jobs: readonly Job[]): readonly Job[] {
    const [first, ...rest] = jobs;
    const now = performance.now();
    if (first === undefined || now - this.#kept < KEEP_EVERY) return jobs;
    this.#kept = now;
    return [{ ...first, opts: { ...first.opts, removeOnComplete: KEPT_COMPLETED } }, ...rest];
  }

  async #send(jobs: readonly Job[], heads: number): Promise<void> {
    const { queue, telemetry, name } = this.#parts;
    try {
      if (jobs.length > SINGLY) await within(DEADLINE, 'adding hints', queue.addBulk([...jobs]));
      else await within(DEADLINE, 'adding hints', Promise.all(jobs.map((job) => queue.add(job.name, job.data, job.opts))));
      telemetry.count('hint_jobs', { destination: name }, jobs.length);
    } catch {
      this.#lost('backend', heads + jobs.length);
    }
  }

  /** Every flush may fail while the backend is away: counted each time, told now and then. */
  #lost(reason: string, count: number): void {
    const { telemetry, name, onLost } = this.#parts;
    telemetry.count('hints_lost', { destination: name, reason }, count);
    const now = performance.now();
    if (now - this.#told > QUIET) {
      this.#told = now;
      telemetry.warn('hints-lost', { destination: name, reason });
    }
    onLost();
  }
}

/** Jobs of one priority each, up to `most` heads and `MOST_BYTES` of payload. */
export const batches = (heads: readonly Waiting[], most: number): Job[] => {
  const jobs: Job[] = [];
  for (const priority of Object.values(PRIORITY)) {
    let batch: [LaneId, DeliveryId][] = [];
    let bytes = 0;
    const close = (): void => {
      if (batch.length > 0) jobs.push({ name: 'send', data: { h: batch, p: priority }, opts: batchOptions(priority) });
      batch = [];
      bytes = 0;
    };
    for (const head of heads) {
      if (head.priority !== priority) continue;
      if (batch.length >= Math.min(MOST_HEADS, most) || bytes + head.size > MOST_BYTES) close();
      batch.push([head.lane, head.delivery]);
      bytes += head.size;
    }
    close();
  }
  return jobs;
};
