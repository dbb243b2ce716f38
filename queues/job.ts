import type { JobsOptions } from 'bullmq';
import type { DeliveryId, LaneId, Token } from '../records/ids.ts';
import type { HeadRef } from '../records/lanes.ts';
import type { Priority } from '../records/states.ts';

/** What a job holds: ids and codes, nothing else. A job is a hint; losing or doubling one changes nothing but the time. */
export interface HintJob {
  /** [lane, delivery], up to 32. */
  readonly h: readonly (readonly [LaneId, DeliveryId])[];
  readonly p: Priority;
  /** Their outcome is unknown: ask the far side. */
  readonly ask?: true;
  /** Shown among the failed jobs: this delivery is held. */
  readonly code?: string;
}

export const MOST_HEADS = 32;
/** Payload bytes of one job's heads; a larger one travels alone. */
export const MOST_BYTES = 4 * 1024 * 1024;

export const refsOf = (job: HintJob): HeadRef[] => job.h.map(([lane, delivery]) => ({ lane, delivery }));

/** An error that says when its job should be tried again; its text is a code, for it is stored in clear. */
export class TryLater extends Error {
  readonly delayMs: number;
  constructor(code: string, options: ErrorOptions & { readonly delayMs: number }) {
    super(code, options);
    this.name = 'TryLater';
    this.delayMs = options.delayMs;
  }
}

const COMMON = {
  removeOnComplete: true,
  removeOnFail: { age: 604_800, count: 5_000 },
  // A job ends when its heads are filed or missed; only the store's absence makes it fail, and that is never its fault.
  attempts: 2 ** 31 - 1,
  backoff: { type: 'custom' },
  stackTraceLimit: 0,
} satisfies JobsOptions;

/** How many completed jobs a queue shows. */
export const KEPT_COMPLETED = { age: 604_800, count: 50 };

/** A batch of heads of one priority. No job id: an id of a job still known would be ignored silently. */
export const batchOptions = (priority: Priority): JobsOptions => ({ ...COMMON, priority });

/** The own job of one head. The token makes it new at every turn. */
export const ownOptions = (delivery: DeliveryId, token: Token, priority: Priority, delayMs: number): JobsOptions => ({
  ...COMMON,
  priority,
  jobId: `r-${delivery}-${token}`,
  delay: Math.max(0, Math.ceil(delayMs)),
});

export const backoffStrategy = (_attempts: number, _type?: string, error?: Error): number =>
  error instanceof TryLater ? error.delayMs : 1_000;
