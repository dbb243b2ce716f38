import { setTimeout as sleep } from 'node:timers/promises';
import type { DestinationHealth, LaneStore } from '../records/lanes.ts';
import type { Telemetry } from '../records/telemetry.ts';
import type { Outlet } from './outlet.ts';
import type { Sender } from './sender.ts';

export interface BreakerParts {
  readonly outlet: Outlet;
  readonly lanes: LaneStore;
  readonly sender: Sender;
  readonly telemetry: Telemetry;
  /** It closed: what waited meanwhile is due. */
  readonly onClosed: () => void;
}

/** Time the trial's claim, sending and filing may take beyond the send itself. */
const PROBE_MARGIN = 5_000;
const AGAIN = 1_000;
/** Part of that time in which heads are looked for. */
const LOOKING = 4_000;
/** Heads tried for a claim in one round, and the pauses between rounds. */
const TRIES = 5;
const FIRST_PAUSE = 50;
const MOST_PAUSE = 1_000;

/**
 * Counts transport failures in the store. On-call is told once, by the daemon that opens it, however long it lasts. Open, no head is
 * claimed and no lane uses up attempts; when its time is over one head of one daemon is tried; when that gets through everything is due
 * again.
 */
export class Breaker {
  readonly #parts: BreakerParts;
  #timer: NodeJS.Timeout | undefined;
  #noting: Promise<void> = Promise.resolve();
  #trying = false;
  #stopped = false;

  constructor(parts: BreakerParts) {
    this.#parts = parts;
  }

  /** After each turn, and whenever the destination's row was read. Resolves when the store knows. */
  async see(health: DestinationHealth, worked = 0, failed = 0): Promise<void> {
    if (this.#stopped) return;
    if (health.breakerMs !== null) this.#arm(health.breakerMs);
    if (worked > 0 && (health.failures > 0 || health.breakerMs !== null)) await this.#note(0);
    else if (worked === 0 && failed > 0) await this.#note(failed);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#noting;
  }

  #note(failures: number): Promise<void> {
    const { lanes, outlet, telemetry, onClosed } = this.#parts;
    this.#noting = this.#noting.then(async () => {
      try {
        const health = await lanes.noteTransport(outlet.destination, failures, outlet.breaker);
        telemetry.gauge('breaker_open', health.breakerMs === null ? 0 : 1, { destination: outlet.name });
        if (health.breakerMs !== null && failures > 0) {
          if (health.opened) telemetry.warn('destination.down', { destination: outlet.name, failures: health.failures });
          telemetry.event('breaker-open', { destination: outlet.name, failures: health.failures, ms: health.breakerMs });
          this.#arm(health.breakerMs);
        }
        if (health.closed) {
          telemetry.event('destination.down.cleared', { destination: outlet.name });
          clearTimeout(this.#timer);
          this.#timer = undefined;
          onClosed();
        }
      } catch (error) {
        telemetry.error('breaker-failed', error, { destination: outlet.name });
      }
    });
    return this.#noting;
  }

  #arm(ms: number): void {
    if (this.#stopped) return;
    clearTimeout(this.#timer);
    // Daemons that wait for the same moment come one after another.
    this.#timer = setTimeout(() => void this.#try(), ms + Math.random() * 50 + 5);
  }

  async #try(): Promise<void> {
    const { lanes, outlet, telemetry } = this.#parts;
    this.#timer = undefined;
    if (this.#trying) {
      this.#arm(FIRST_PAUSE);
      return;
    }
    this.#trying = true;
    try {
      const ttl = outlet.sendTimeoutMs + PROBE_MARGIN;
      if (!(await lanes.takeProbe(outlet.destination, ttl))) {
        const health = await lanes.health(outlet.destination);
        if (health.breakerMs !== null) this.#arm(health.paused ? Math.max(health.breakerMs, AGAIN) : health.breakerMs);
        return;
      }
      telemetry.event('breaker-trial', { destination: outlet.name });
      this.#arm(ttl);
      if (await this.#probeOne()) return;
      // Nothing to try it with: the next failure in a row opens it again.
      await this.#note(0);
    } catch (error) {
      telemetry.error('breaker-failed', error, { destination: outlet.name });
      this.#arm(AGAIN);
    } finally {
      this.#trying = false;
    }
  }

  /**
   * True where one was tried, or is still to be. A head that came to its end without being sent (its route no longer stood) says nothing, so
   * the next is tried at once: a trial's time for each would keep everything waiting. What failed waits for its own time, and what another
   * hint has just offered is not to be had for a moment: to close meanwhile would tell on-call of an end, and then of another outage.
   */
  async #probeOne(): Promise<boolean> {
    const { lanes, outlet, sender } = this.#parts;
    const until = performance.now() + LOOKING;
    const heads = async (future: boolean) =>
      (await lanes.due({ destination: outlet.destination, olderMs: 0, future, limit: TRIES })).filter((head) => head.kind !== 'ask');
    for (let pause = FIRST_PAUSE; !this.#stopped && performance.now() < until; ) {
      let untold = false;
      for (const head of await heads(false)) {
        // One that goes on and on is known to be sent.
        const end = await Promise.race([sender.probe(head), sleep(outlet.sendTimeoutMs + PROBE_MARGIN, 'told' as const, { ref: false })]);
        if (end === 'told') return true;
        if (end === 'untold') untold = true;
        if (this.#stopped || performance.now() >= until) return true;
      }
      if (untold) continue;
      if ((await heads(true)).length === 0) return false;
      await sleep(pause, undefined, { ref: false });
      pause = Math.min(MOST_PAUSE, pause * 2);
    }
    return true;
  }
}
