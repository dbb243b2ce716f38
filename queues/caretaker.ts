import type { DestinationId } from '../records/ids.ts';
import type { LaneStore } from '../records/lanes.ts';
import type { Telemetry } from '../records/telemetry.ts';
import { type QueueBackend, within } from './backend.ts';
import type { OutletService } from './outlet-service.ts';
import { showPause } from './pause.ts';
import type { Reconcile, ReconcileReason } from './reconcile.ts';

export interface CareTimes {
  /** Milliseconds between looks at the mark, the destinations and the daemons. */
  readonly lookMs: number;
  readonly reconcileMs: number;
  /** A head due this long is hinted again. */
  readonly overdueMs: number;
  readonly checkMs: number;
  readonly tidyMs: number;
}
export const CARE_TIMES: CareTimes = { lookMs: 1_000, reconcileMs: 30_000, overdueMs: 5_000, checkMs: 600_000, tidyMs: 3_600_000 };

export interface CaretakerParts {
  readonly lanes: LaneStore;
  readonly backend: QueueBackend;
  readonly outlets: () => readonly OutletService[];
  readonly reconcile: Reconcile;
  readonly telemetry: Telemetry;
  readonly times: CareTimes;
}

const DEADLINE = 5_000;
/** Looks between two checks of idle workers. */
const WATCH_EVERY = 5;
/** The lease outlives its interval by so much of it, so that its holder keeps it, and no more: a holder that died must not be waited for. */
const LEASE_INTERVALS = 1.5;

/**
 * Notices what changed without us: hints wiped, backend back, a destination paused or resumed elsewhere, a head freed by a person's act, a
 * daemon gone, a worker asleep;
 * and looks through all lanes from time to time. One thing at a time.
 */
export class Caretaker {
  readonly #parts: CaretakerParts;
  readonly #due = new Map<ReconcileReason, Set<DestinationId | 'all'>>();
  #timer: NodeJS.Timeout | undefined;
  #looking: Promise<void> = Promise.resolve();
  #stopped = false;
  #reachable = false;
  #storeBack = true;
  #trouble = false;
  #looks = 0;
  readonly #last = { reconcile: performance.now(), check: performance.now(), tidy: performance.now() };
  readonly #silent = new Set<number>();
  #act: number | undefined;

  constructor(parts: CaretakerParts) {
    this.#parts = parts;
    this.due('start');
  }

  /** The queue backend answered at the last look. */
  get reachable(): boolean {
    return this.#reachable;
  }

  start(): void {
    this.#looking = this.#look().finally(() => {
      if (this.#stopped) return;
      // What became due during this look is not left for a whole interval; what failed is.
      this.#timer = setTimeout(() => this.start(), this.#due.size > 0 && !this.#trouble ? 10 : this.#parts.times.lookMs);
    });
  }

  /** Reconcile at the next look, or now where nothing is under way. */
  due(reason: ReconcileReason, only: DestinationId | 'all' = 'all'): void {
    const those = this.#due.get(reason);
    if (those === undefined) this.#due.set(reason, new Set([only]));
    else those.add(only);
    if (this.#timer !== undefined && reason !== 'hints-lost') {
      clearTimeout(this.#timer);
      this.#timer = undefined;
      this.start();
    }
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#looking;
    clearTimeout(this.#timer);
  }

  async #look(): Promise<void> {
    this.#timer = undefined;
    this.#trouble = false;
    this.#looks += 1;
    await this.#attempt('mark', () => this.#lookAtMark());
    if (!this.#reachable || this.#stopped) return;
    await this.#attempt('store', () => this.#lookAtStore());
    await this.#attempt('intervals', () => this.#intervals());
    await this.#attempt('reconcile', () => this.#runDue());
    if (this.#looks % WATCH_EVERY === 0) await this.#attempt('watch', () => this.#watch());
  }

  async #attempt(what: string, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.#trouble = true;
      if (what === 'mark') this.#reachable = false;
      if (what === 'store') this.#storeBack = false;
      this.#parts.telemetry.error('look-failed', error, { what });
    }
  }

  /** The mark is placed when the hints are complete; gone, they were wiped. Whoever places it anew rebuilds them. */
  async #lookAtMark(): Promise<void> {
    const { backend, telemetry } = this.#parts;
    if (!(await within(DEADLINE, 'looking at the mark', backend.marked()))) {
      await backend.prepare();
      // At the first look there may never have been any; whatever is due is hinted at the start in any case.
      if ((await within(DEADLINE, 'placing the mark', backend.mark())) && this.#looks > 1) {
        telemetry.warn('hints-wiped', { backend: backend.kind });
        this.#note('hints-wiped');
      }
    }
    if (!this.#reachable && this.#looks > 1) this.#note('reconnect');
    this.#reachable = true;
  }

  #note(reason: ReconcileReason): void {
    this.#due.set(reason, new Set(['all']));
  }

  async #lookAtStore(): Promise<void> {
    const { lanes, outlets } = this.#parts;
    const [statuses, silent, act] = await Promise.all([lanes.statuses(), lanes.silentDaemons(), lanes.lastAct()]);
    if (!this.#storeBack) this.#note('reconnect');
    this.#storeBack = true;
    for (const service of outlets()) {
      const health = statuses.find((status) => status.id === service.outlet.destination);
      if (health === undefined) continue;
      if ((await showPause(service.queue, health)) === 'resumed') this.due('resumed', health.id);
      if (health.breakerMs !== null) await service.breaker.see(health);
    }
    // What a person frees from the command line is due at once, and nobody here was told.
    if (this.#act !== undefined && act > this.#act) this.#note('act');
    this.#act = act;
    for (const id of silent) if (!this.#silent.has(id)) this.#note('daemon-silent');
    this.#silent.clear();
    for (const id of silent) this.#silent.add(id);
  }

  async #intervals(): Promise<void> {
    const { lanes, outlets, times, telemetry } = this.#parts;
    const now = performance.now();
    if (now - this.#last.reconcile >= times.reconcileMs) {
      this.#last.reconcile = now;
      if (await this.#mayReconcile()) this.#note('interval');
    }
    if (now - this.#last.check >= times.checkMs) {
      this.#last.check = now;
      if (!(await this.#mayReconcile())) return;
      const { faults, due } = await lanes.checkLanes();
      for (const { lane, fault } of faults) telemetry.error('lane-fault', new Error(fault), { lane, fault });
      if (due.length > 0) for (const service of outlets()) this.due('asked', service.outlet.destination);
    }
    if (now - this.#last.tidy >= times.tidyMs) {
      this.#last.tidy = now;
      await lanes.tidy();
    }
  }

  /** One daemon at a time looks through all lanes. */
  #mayReconcile(): Promise<boolean> {
    const { lanes, times } = this.#parts;
    return lanes.takeLease('reconcile', times.reconcileMs * LEASE_INTERVALS);
  }

  async #runDue(): Promise<void> {
    const { reconcile } = this.#parts;
    for (const [reason, those] of [...this.#due]) {
      this.#due.delete(reason);
      try {
        if (those.has('all')) await reconcile.run(reason);
        else for (const only of those) if (only !== 'all') await reconcile.run(reason, only);
      } catch (error) {
        for (const only of those) this.due(reason, only);
        throw error;
      }
    }
  }

  async #watch(): Promise<void> {
    const { lanes, outlets } = this.#parts;
    for (const service of outlets()) await service.watch(await lanes.health(service.outlet.destination));
  }
}
