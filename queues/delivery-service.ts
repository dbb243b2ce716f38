import type { DestinationId, DestinationName } from '../records/ids.ts';
import type { LaneStore } from '../records/lanes.ts';
import type { FiledHead } from '../records/process.ts';
import type { Telemetry } from '../records/telemetry.ts';
import type { QueueBackend } from './backend.ts';
import { Board } from './board.ts';
import { CARE_TIMES, type CareTimes, Caretaker } from './caretaker.ts';
import type { Outlet, Recheck } from './outlet.ts';
import { OutletService } from './outlet-service.ts';
import { Reconcile, type ReconcileReason } from './reconcile.ts';
import { JOB_TIMES, type JobTimes } from './worker.ts';

export interface DeliveryServiceParts {
  readonly lanes: LaneStore;
  readonly backend: QueueBackend;
  readonly outlets: readonly Outlet[];
  readonly recheck: Recheck;
  readonly telemetry: Telemetry;
  readonly jobTimes?: Partial<JobTimes>;
  readonly careTimes?: Partial<CareTimes>;
}

/** The delivery leg of one daemon. */
export interface DeliveryService {
  /** After a commit: these heads may be sent. Never waits, never throws. */
  hint(heads: readonly FiledHead[]): void;
  /** Looks through the lanes now; all destinations, or one. */
  reconcile(reason: ReconcileReason, only?: DestinationId): Promise<void>;
  /** After a reload: starts what is new, stops what is gone, replaces what changed. */
  setOutlets(outlets: readonly Outlet[], deadlineMs: number): Promise<void>;
  /** Bull Board, read-only, as a fastify plugin. */
  readonly board: Board;
  /** Whether the queue backend answered lately. */
  ready(): boolean;
  /** Jobs waiting, by destination. */
  waiting(): Promise<ReadonlyMap<DestinationName, number>>;
  stop(deadlineMs: number): Promise<void>;
}

class RunningDelivery implements DeliveryService {
  readonly board: Board;
  readonly #parts: DeliveryServiceParts;
  readonly #outlets = new Map<DestinationId, OutletService>();
  readonly #reconcile: Reconcile;
  readonly #caretaker: Caretaker;
  #stopping: Promise<void> | undefined;

  constructor(parts: DeliveryServiceParts) {
    this.#parts = parts;
    this.board = new Board();
    const outlets = (): OutletService[] => [...this.#outlets.values()];
    const times = { ...CARE_TIMES, ...parts.careTimes };
    this.#reconcile = new Reconcile({ lanes: parts.lanes, outlets, telemetry: parts.telemetry, overdueMs: times.overdueMs });
    this.#caretaker = new Caretaker({
      lanes: parts.lanes,
      backend: parts.backend,
      outlets,
      reconcile: this.#reconcile,
      telemetry: parts.telemetry,
      times,
    });
    for (const outlet of parts.outlets) this.#open(outlet);
    this.#caretaker.start();
  }

  hint(heads: readonly FiledHead[]): void {
    const byDestination = new Map<DestinationId, FiledHead[]>();
    for (const head of heads) {
      const those = byDestination.get(head.destination);
      if (those === undefined) byDestination.set(head.destination, [head]);
      else those.push(head);
    }
    for (const [destination, those] of byDestination) this.#outlets.get(destination)?.hints.now(those);
  }

  reconcile(reason: ReconcileReason, only?: DestinationId): Promise<void> {
    return this.#reconcile.run(reason, only);
  }

  async setOutlets(outlets: readonly Outlet[], deadlineMs: number): Promise<void> {
    const wanted = new Map(outlets.map((outlet) => [outlet.destination, outlet]));
    const gone = [...this.#outlets].filter(([id, service]) => wanted.get(id) !== service.outlet);
    await Promise.all(gone.map(([id]) => this.#close(id, deadlineMs)));
    for (const outlet of outlets) if (!this.#outlets.has(outlet.destination)) this.#open(outlet);
    this.#caretaker.due('start');
  }

  ready(): boolean {
    return this.#caretaker.reachable;
  }

  async waiting(): Promise<ReadonlyMap<DestinationName, number>> {
    return new Map(
      await Promise.all([...this.#outlets.values()].map(async (service) => [service.outlet.name, await service.waiting()] as const)),
    );
  }

  /** Once; a second call waits for the first. */
  stop(deadlineMs: number): Promise<void> {
    this.#stopping ??= this.#stop(deadlineMs);
    return this.#stopping;
  }

  async #stop(deadlineMs: number): Promise<void> {
    await this.#caretaker.stop();
    await Promise.all([...this.#outlets.keys()].map((id) => this.#close(id, deadlineMs)));
    await this.#parts.backend.close();
  }

  #open(outlet: Outlet): void {
    const { backend, lanes, recheck, telemetry, jobTimes } = this.#parts;
    const service = new OutletService({
      outlet,
      backend,
      lanes,
      recheck,
      telemetry,
      times: { ...JOB_TIMES, ...jobTimes },
      onHeads: (heads) => this.hint(heads),
      onDue: (reason) => this.#caretaker.due(reason, outlet.destination),
    });
    this.#outlets.set(outlet.destination, service);
    this.board.add(service.queue);
  }

  async #close(id: DestinationId, deadlineMs: number): Promise<void> {
    const service = this.#outlets.get(id);
    if (service === undefined) return;
    this.#outlets.delete(id);
    this.board.remove(service.queue);
    await service.stop(deadlineMs);
  }
}

/**
 * Starts delivering: prepares the backend, opens a queue and a worker for every destination, hints what is due. Redis may be away at
 * start: sending begins when it is back. Rejects where BullMQ's tables cannot be made.
 */
export const startDelivery = async (parts: DeliveryServiceParts): Promise<DeliveryService> => {
  try {
    await parts.backend.prepare();
  } catch (error) {
    if (parts.backend.kind !== 'redis') throw error;
    parts.telemetry.error('queue-unreachable', error, { backend: 'redis' });
  }
  return new RunningDelivery(parts);
};
