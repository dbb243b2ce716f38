import type { DestinationId } from '../records/ids.ts';
import type { DestinationHealth, DueHead, LaneStore } from '../records/lanes.ts';
import type { Telemetry } from '../records/telemetry.ts';
import { MOST_HEADS } from './job.ts';
import type { OutletService } from './outlet-service.ts';

export type ReconcileReason =
  | 'start'
  | 'interval'
  | 'reconnect'
  | 'hints-wiped'
  | 'hints-lost'
  | 'daemon-silent'
  | 'resumed'
  | 'breaker-closed'
  | 'act'
  | 'asked';

export interface ReconcileParts {
  readonly lanes: LaneStore;
  readonly outlets: () => readonly OutletService[];
  readonly telemetry: Telemetry;
  /** A head due for this many milliseconds should have been taken. */
  readonly overdueMs: number;
}

/** With jobs waiting, only heads due longer than this are hinted a second time, the oldest few of them. */
const LONG_OVERDUE = 60_000;
const OLDEST = 10 * MOST_HEADS;

/** Makes the hints follow from the lanes again: they may have been lost at any time, and too many do no harm. */
export class Reconcile {
  readonly #parts: ReconcileParts;

  constructor(parts: ReconcileParts) {
    this.#parts = parts;
  }

  /** Takes back claims that ran out, then hints what is due: of one destination, or of all. Rejects when store or backend did not answer. */
  async run(reason: ReconcileReason, only?: DestinationId): Promise<void> {
    const { lanes, outlets, telemetry } = this.#parts;
    const started = performance.now();
    await this.#expire();
    const health = new Map<DestinationId, DestinationHealth>((await lanes.statuses()).map((status) => [status.id, status]));
    let hinted = 0;
    for (const service of outlets()) {
      const { destination } = service.outlet;
      if (only !== undefined && destination !== only) continue;
      const seen = health.get(destination);
      if (seen === undefined || seen.paused) continue;
      if (seen.breakerMs !== null) {
        await service.breaker.see(seen);
        continue;
      }
      hinted += await this.#hint(service, reason);
    }
    telemetry.event('reconciled', { reason, hinted, ms: Math.round(performance.now() - started) });
  }

  /** Claims that ran out. Resolves with how many. */
  async #expire(): Promise<void> {
    const { lanes, outlets, telemetry } = this.#parts;
    const expired = await lanes.expireClaims();
    if (expired.length > 0) telemetry.warn('claims-expired', { count: expired.length });
    for (const service of outlets())
      hintEach(
        service,
        expired.filter((head) => head.destination === service.outlet.destination),
      );
  }

  async #hint(service: OutletService, reason: ReconcileReason): Promise<number> {
    const { lanes } = this.#parts;
    const { destination } = service.outlet;
    if (reason !== 'interval') {
      const due = await lanes.due({
        destination,
        olderMs: 0,
        future: reason === 'hints-wiped' || reason === 'start' || reason === 'hints-lost',
        byAge: true,
      });
      return hintAll(service, due);
    }
    // Jobs are counted, not read back: where enough wait for what is due, adding more would only double them.
    const room = (await service.waiting()) * MOST_HEADS;
    if (room < OLDEST) {
      const due = await lanes.due({ destination, olderMs: this.#parts.overdueMs, future: false, byAge: true });
      if (due.length > room) return hintAll(service, due);
    }
    return hintAll(service, await lanes.due({ destination, olderMs: LONG_OVERDUE, future: false, limit: OLDEST }));
  }
}

const hintEach = (service: OutletService, heads: readonly DueHead[]): void => {
  service.hints.now(heads.filter((head) => head.kind !== 'ask'));
  for (const head of heads) if (head.kind === 'ask') askFor(service, head);
};

const askFor = (service: OutletService, head: DueHead): void => {
  if (head.delayMs > 0) service.hints.later(head, head.delayMs, true);
  else service.hints.ask(head);
};

const hintAll = async (service: OutletService, heads: readonly DueHead[]): Promise<number> => {
  await service.hints.all(heads.filter((head) => head.kind === 'due' || (head.kind === 'backoff' && head.delayMs === 0)));
  for (const head of heads) {
    if (head.kind === 'backoff' && head.delayMs > 0) service.hints.later(head, head.delayMs);
    else if (head.kind === 'ask') askFor(service, head);
  }
  return heads.length;
};
