import { Queue } from 'bullmq';
import type { DestinationHealth, LaneStore } from '../records/lanes.ts';
import type { FiledHead } from '../records/process.ts';
import type { Telemetry } from '../records/telemetry.ts';
import { type HintQueue, type QueueBackend, within } from './backend.ts';
import { Breaker } from './breaker.ts';
import { Hints } from './hints.ts';
import { MOST_HEADS } from './job.ts';
import type { Outlet, Recheck } from './outlet.ts';
import { Sender } from './sender.ts';
import { type JobTimes, OutletWorker } from './worker.ts';

export interface OutletServiceParts {
  readonly outlet: Outlet;
  readonly backend: QueueBackend;
  readonly lanes: LaneStore;
  readonly recheck: Recheck;
  readonly telemetry: Telemetry;
  readonly times: JobTimes;
  readonly onHeads: (heads: readonly FiledHead[]) => void;
  /** Everything due of this destination should be hinted: the breaker closed, or hints were lost. */
  readonly onDue: (reason: 'breaker-closed' | 'hints-lost') => void;
}

/** Heads a slow receiver's jobs hold: about this many milliseconds of work for one daemon. */
const JOB_MS = 2_000;
const CLOSE_WITHIN = 5_000;
/** Checks in a row that find jobs waiting and nobody at work. */
const PATIENCE = 3;

/** All that runs for one destination: its queue, hints, sender, breaker and worker. */
export class OutletService {
  readonly outlet: Outlet;
  readonly queue: HintQueue;
  readonly hints: Hints;
  readonly sender: Sender;
  readonly breaker: Breaker;
  readonly #worker: OutletWorker;
  readonly #telemetry: Telemetry;
  #idleChecks = 0;

  constructor(parts: OutletServiceParts) {
    const { outlet, backend, lanes, recheck, telemetry, times, onHeads, onDue } = parts;
    this.outlet = outlet;
    this.#telemetry = telemetry;
    this.queue = new Queue(
      outlet.name,
      {
        connection: {},
        ...(backend.prefix === undefined ? {} : { prefix: backend.prefix }),
        streams: { events: { maxLen: 500 } },
      },
      backend.factory,
    );
    this.queue.on('error', () => telemetry.count('queue_errors', { destination: outlet.name }));
    const batchSize = (): number => {
      const heads = Math.round((JOB_MS * outlet.adapter.slots) / Math.max(1, this.sender.sendMs) / 4);
      return Math.min(MOST_HEADS, Math.max(1, heads));
    };
    this.hints = new Hints({ name: outlet.name, queue: this.queue, telemetry, batchSize, onLost: () => onDue('hints-lost') });
    this.sender = new Sender({
      outlet,
      lanes,
      recheck,
      hints: this.hints,
      telemetry,
      onHeads,
      onTurn: (health, worked, failed) => this.breaker.see(health, worked, failed),
    });
    this.breaker = new Breaker({ outlet, lanes, sender: this.sender, telemetry, onClosed: () => onDue('breaker-closed') });
    this.#worker = new OutletWorker({ outlet, backend, lanes, sender: this.sender, telemetry, times });
  }

  /** Jobs waiting to be taken. */
  async waiting(): Promise<number> {
    const counts = await within(CLOSE_WITHIN, 'counting jobs', this.queue.getJobCounts('waiting', 'prioritized'));
    return (counts.waiting ?? 0) + (counts.prioritized ?? 0);
  }

  /** Replaces a worker that does nothing though jobs wait: a lost wake-up must not last. */
  async watch(health: DestinationHealth): Promise<void> {
    if (health.paused || this.#worker.active > 0 || this.sender.busy || (await this.waiting()) === 0) {
      this.#idleChecks = 0;
      return;
    }
    this.#idleChecks += 1;
    if (this.#idleChecks < PATIENCE) return;
    this.#idleChecks = 0;
    this.#worker.restart();
  }

  /** Ends what is being sent, files it, and lets go of the queue. */
  async stop(deadlineMs: number): Promise<void> {
    await this.#worker.quiet();
    await this.sender.stop(deadlineMs);
    await this.breaker.stop();
    await this.#worker.close();
    await this.hints.drained();
    try {
      await within(CLOSE_WITHIN, 'closing the queue', this.queue.close());
    } catch {
      this.#telemetry.count('queue_errors', { destination: this.outlet.name });
    }
  }
}
