import { UnrecoverableError, Worker } from 'bullmq';
import type { LaneStore } from '../records/lanes.ts';
import type { Telemetry } from '../records/telemetry.ts';
import { type HintWorker, type QueueBackend, within } from './backend.ts';
import { backoffStrategy, type HintJob, refsOf, TryLater } from './job.ts';
import type { Outlet } from './outlet.ts';
import { resolveHeads } from './resolve.ts';
import type { Sender } from './sender.ts';

export interface JobTimes {
  readonly lockDuration: number;
  readonly stalledInterval: number;
}
export const JOB_TIMES: JobTimes = { lockDuration: 60_000, stalledInterval: 30_000 };

export interface OutletWorkerParts {
  readonly outlet: Outlet;
  readonly backend: QueueBackend;
  readonly lanes: LaneStore;
  readonly sender: Sender;
  readonly telemetry: Telemetry;
  readonly times: JobTimes;
}

const CLOSE_WITHIN = 10_000;
/** An error of the same kind is told once in this many milliseconds. */
const QUIET = 5_000;

/** Takes the hints of one destination from its queue and offers them to the sender. Job ends decide nothing: the store does. */
export class OutletWorker {
  readonly #parts: OutletWorkerParts;
  #worker: HintWorker;
  #active = 0;
  readonly #told = new Map<string, number>();

  constructor(parts: OutletWorkerParts) {
    this.#parts = parts;
    this.#worker = this.#start();
  }

  /** Jobs in hand here. */
  get active(): number {
    return this.#active;
  }

  #start(): HintWorker {
    const { outlet, backend, times, telemetry } = this.#parts;
    const worker: HintWorker = new Worker(
      outlet.name,
      async (job) => this.#process(job.data),
      {
        connection: {},
        ...(backend.prefix === undefined ? {} : { prefix: backend.prefix }),
        concurrency: Math.max(4, Math.ceil(outlet.adapter.slots / 4)),
        ...times,
        // Poison is counted on the lane; a batch must not fail because daemons ended.
        maxStalledCount: 1_000_000,
        drainDelay: 5,
        runRetryDelay: 1_000,
        settings: { backoffStrategy },
      },
      backend.factory,
    );
    worker.on('error', (error) => this.#tell('worker-error', error));
    worker.on('stalled', () => telemetry.count('stalled_jobs', { destination: outlet.name }));
    return worker;
  }

  async #process(job: HintJob): Promise<void> {
    const { outlet, lanes, sender, telemetry } = this.#parts;
    if (job.code !== undefined) throw new UnrecoverableError(job.code);
    this.#active += 1;
    try {
      const heads = refsOf(job);
      const ends = job.ask === true ? await resolveHeads(lanes, outlet, sender, heads, job.p, telemetry) : await sender.offer(heads, job.p);
      const [end] = ends;
      if (heads.length === 1 && end?.end === 'held') throw new UnrecoverableError(end.code);
    } catch (error) {
      if (error instanceof UnrecoverableError) throw error;
      throw new TryLater('store-unavailable', { cause: error, delayMs: 1_000 });
    } finally {
      this.#active -= 1;
    }
  }

  /** A worker that takes nothing though jobs wait is replaced; its jobs in hand end on their own. */
  restart(): void {
    const old = this.#worker;
    this.#parts.telemetry.warn('worker-restarted', { destination: this.#parts.outlet.name });
    void within(CLOSE_WITHIN, 'closing the worker', old.close()).catch((error: unknown) => this.#tell('worker-close', error));
    this.#worker = this.#start();
  }

  /** Takes no more jobs; those in hand go on. */
  async quiet(): Promise<void> {
    await this.#worker.pause(true);
  }

  async close(): Promise<void> {
    try {
      await within(CLOSE_WITHIN, 'closing the worker', this.#worker.close());
    } catch (error) {
      this.#tell('worker-close', error);
    }
  }

  /** Names the kind of error only: texts of drivers may quote values. */
  #tell(event: string, error: unknown): void {
    const kind =
      error instanceof Error && 'code' in error && typeof error.code === 'string'
        ? error.code
        : error instanceof Error
          ? error.name
          : 'error';
    const now = performance.now();
    if (now - (this.#told.get(kind) ?? Number.NEGATIVE_INFINITY) < QUIET) return;
    this.#told.set(kind, now);
    this.#parts.telemetry.warn(event, { destination: this.#parts.outlet.name, reason: kind });
  }
}
