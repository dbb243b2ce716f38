import { ThroughcareError } from '../records/faults.ts';
import type { DeliveryId } from '../records/ids.ts';
import type { DestinationHealth, Head, HeadRef, HeadResult, LaneStore, TurnOutcome } from '../records/lanes.ts';
import type { FiledHead } from '../records/process.ts';
import type { Priority } from '../records/states.ts';
import type { Telemetry } from '../records/telemetry.ts';
import type { Hints } from './hints.ts';
import type { Outlet, Recheck } from './outlet.ts';
import { Slots } from './slots.ts';
import { Wanted } from './wanted.ts';

/** How a head offered to the sender ended: its result is filed, there was nothing to claim, or it is held with this code. */
export type HeadEnd = { readonly end: 'filed' | 'missed' } | { readonly end: 'held'; readonly code: string };

export interface SenderParts {
  readonly outlet: Outlet;
  readonly lanes: LaneStore;
  readonly recheck: Recheck;
  readonly hints: Hints;
  readonly telemetry: Telemetry;
  /** Heads, of any destination, that became due by a re-route. */
  readonly onHeads: (heads: readonly FiledHead[]) => void;
  /** What each turn learned of the destination, and how the transport did since the one before. Resolves when the store knows. */
  readonly onTurn: (health: DestinationHealth, worked: number, failed: number) => Promise<void>;
}

/** A head this process knows of: wanted, or claimed and not yet filed. */
interface Tracked extends Head {
  /** A job of its own waits for it, and will show how it ended. */
  own: boolean;
  claimed: boolean;
  /** Its sending showed whether the transport works. */
  told: boolean;
  readonly settle: ((end: HeadEnd) => void)[];
  readonly abandon: ((error: unknown) => void)[];
}

const tracked = ({ lane, delivery, priority }: Head, claimed: boolean): Tracked => ({
  lane,
  delivery,
  priority,
  own: false,
  claimed,
  told: false,
  settle: [],
  abandon: [],
});

/** Results, and claims, of one transaction at most. */
const GROUP = 64;
/** While slots are fed, or heads keep coming in company, results wait this many milliseconds for others, so that a commit carries many. */
const LINGER = 8;
/** Milliseconds after a turn without answer. */
const AGAIN = 250;

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/**
 * Sends the heads of one destination. Heads come in as hints, are claimed as slots come free (urgent first), sent, and their results
 * filed together; what moves up behind them is claimed in the same transaction. One transaction at a time.
 */
export class Sender {
  readonly #parts: SenderParts;
  readonly #slots: Slots;
  readonly #wanted = new Wanted<Tracked>();
  readonly #tracked = new Map<DeliveryId, Tracked>();
  readonly #results: HeadResult[] = [];
  #worked = 0;
  #failed = 0;
  /** A turn whose answer was lost: the same results once more, and claims that may have been given. */
  #repeat: readonly HeadResult[] = [];
  #unheard = false;
  #turning = false;
  /** The last heads came several at a time: more are likely to come before anybody misses what was just sent. */
  #company = false;
  #timer: NodeJS.Timeout | undefined;
  #stopping = false;
  #stopped = false;
  readonly #idle: (() => void)[] = [];

  constructor(parts: SenderParts) {
    this.#parts = parts;
    this.#slots = new Slots({
      ...parts,
      onResult: (result, transport) => {
        if (transport === true) this.#worked += 1;
        else if (transport === false) this.#failed += 1;
        const here = transport === undefined ? undefined : this.#tracked.get(result.delivery);
        if (here !== undefined) here.told = true;
        this.#results.push(result);
      },
      onGone: (delivery, end, heads) => {
        this.#settle(delivery, { end });
        parts.onHeads(heads);
      },
      halted: () => this.#worked === 0 && this.#failed >= parts.outlet.breaker.failures,
      onChange: () => this.#pump(),
    });
  }

  /** Average milliseconds of a send lately. */
  get sendMs(): number {
    return this.#slots.sendMs;
  }

  get busy(): boolean {
    return this.#tracked.size > 0 || this.#results.length > 0 || this.#repeat.length > 0 || this.#turning;
  }

  /** Resolves when every head is filed or missed; rejects when the store did not answer. */
  offer(heads: readonly HeadRef[], priority: Priority): Promise<HeadEnd[]> {
    const ends = heads.map((head) => {
      const known = this.#tracked.get(head.delivery);
      if (known === undefined && this.#stopping) {
        // A job taken at the last moment: its heads are for others.
        this.#parts.hints.now([{ ...head, priority }]);
        return Promise.resolve<HeadEnd>({ end: 'missed' });
      }
      const here = known ?? this.#want({ ...head, priority });
      if (heads.length === 1) here.own = true;
      return this.#waitFor(here);
    });
    this.#pump();
    return Promise.all(ends);
  }

  /** Files results that were found out elsewhere: by asking the far side. */
  file(results: readonly HeadResult[], priority: Priority): Promise<HeadEnd[]> {
    const ends = results.map((result) => {
      const here = this.#tracked.get(result.delivery) ?? tracked({ lane: result.lane, delivery: result.delivery, priority }, true);
      here.claimed = true;
      here.own = true;
      this.#tracked.set(result.delivery, here);
      this.#results.push(result);
      return this.#waitFor(here);
    });
    this.#pump();
    return Promise.all(ends);
  }

  /**
   * One head past the breaker: the trial that decides whether it closes. Resolves at its end: `told` where its sending showed whether the
   * transport works, `untold` where it was not sent after all, `missed` where it could not be claimed.
   */
  async probe(head: Head): Promise<'told' | 'untold' | 'missed'> {
    if (this.#tracked.has(head.delivery)) return 'missed';
    while (this.#turning) await pause(5);
    if (this.#stopping || this.#tracked.has(head.delivery)) return 'missed';
    const trial = this.#want(head);
    const ended = this.#waitFor(trial).catch(() => undefined);
    if ((await this.#turn(this.#wanted.take(1), true)) === 0) return 'missed';
    await ended;
    return trial.told ? 'told' : 'untold';
  }

  /** Takes nothing more, lets what is being sent end, gives back what is not, files everything; gives up after the deadline. */
  async stop(deadlineMs: number): Promise<void> {
    this.#stopping = true;
    const unclaimed = this.#wanted.take(this.#wanted.size);
    this.#parts.hints.now(unclaimed.map(({ lane, delivery, priority }) => ({ lane, delivery, priority })));
    for (const head of unclaimed) this.#settle(head.delivery, { end: 'missed' });
    this.#slots.close();
    this.#pump();
    let timer: NodeJS.Timeout | undefined;
    await Promise.race([
      this.busy ? new Promise<void>((resolve) => this.#idle.push(resolve)) : Promise.resolve(),
      new Promise<void>((resolve) => {
        timer = setTimeout(resolve, deadlineMs);
      }),
    ]);
    clearTimeout(timer);
    clearTimeout(this.#timer);
    this.#stopped = true;
    for (const here of this.#tracked.values()) for (const settle of here.settle) settle({ end: 'missed' });
  }

  #want(head: Head): Tracked {
    const here = tracked(head, false);
    this.#tracked.set(head.delivery, here);
    this.#wanted.add(here);
    return here;
  }

  #waitFor(here: Tracked): Promise<HeadEnd> {
    return new Promise((resolve, reject) => {
      here.settle.push(resolve);
      here.abandon.push(reject);
    });
  }

  #settle(delivery: DeliveryId, end: HeadEnd): void {
    const here = this.#tracked.get(delivery);
    this.#tracked.delete(delivery);
    for (const settle of here?.settle ?? []) settle(end);
  }

  /** Starts a turn where one is worth it: at once when slots starve or nothing more is on its way, else after a short wait for company. */
  #pump(): void {
    if (this.#turning || this.#stopped) return;
    const waiting = this.#results.length + this.#repeat.length + (this.#unheard ? 1 : 0);
    const claims = this.#wanted.size > 0 && this.#room() > 0;
    if (waiting === 0 && !claims) {
      if (!this.busy) for (const resolve of this.#idle.splice(0)) resolve();
      return;
    }
    const starving = claims && this.#slots.starving;
    const done = this.#slots.inHand === 0 && !this.#company;
    if (starving || done || this.#results.length >= GROUP / 2 || this.#stopping) this.#begin();
    else this.#timer ??= setTimeout(() => this.#begin(), LINGER);
  }

  #begin(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (!this.#turning) void this.#turn(this.#wanted.take(Math.min(this.#room(), GROUP)), false);
  }

  #room(): number {
    return this.#stopping ? 0 : this.#slots.room;
  }

  /** Resolves with how many heads were claimed. Never rejects. */
  async #turn(claims: readonly Tracked[], probe: boolean): Promise<number> {
    const { lanes, outlet } = this.#parts;
    this.#turning = true;
    const again = this.#repeat.length > 0;
    const results = again ? this.#repeat : this.#results.splice(0, GROUP);
    const [worked, failed] = [this.#worked, this.#failed];
    const next = probe || this.#wanted.size > 0 ? 0 : Math.max(0, this.#room() - claims.length);
    if (claims.length > 0 || next > 0) this.#company = claims.length > 1;
    const since = performance.now();
    try {
      const found = this.#unheard ? await lanes.disown(outlet.destination, this.#known()) : [];
      this.#unheard = false;
      const outcome = await lanes.turn(outlet, {
        results,
        again,
        claims: claims.map(({ lane, delivery }) => ({ lane, delivery })),
        next,
        probe,
      });
      this.#repeat = [];
      this.#done(results, claims, outcome, since);
      this.#movedUp(found, outcome.health);
      await this.#parts.onTurn(outcome.health, worked, failed);
      this.#worked -= worked;
      this.#failed -= failed;
      return outcome.claimed.length;
    } catch (error) {
      this.#unanswered(error, results, claims);
      await pause(AGAIN);
      return 0;
    } finally {
      this.#turning = false;
      this.#pump();
    }
  }

  /** What is claimed here, as far as we know. */
  #known(): DeliveryId[] {
    return [...this.#tracked.values()].filter((here) => here.claimed).map((here) => here.delivery);
  }

  /** The store did not answer, or refused: results go in again, claims that may have been given are given back first. */
  #unanswered(error: unknown, results: readonly HeadResult[], claims: readonly Tracked[]): void {
    this.#parts.telemetry.error('turn-failed', error, {
      destination: this.#parts.outlet.name,
      results: results.length,
      claims: claims.length,
    });
    this.#unheard = true;
    for (const claim of claims) {
      this.#tracked.delete(claim.delivery);
      for (const abandon of claim.abandon) abandon(error);
    }
    if (!(error instanceof ThroughcareError && error.code === 'internal')) {
      this.#repeat = results;
    } else if (results.length > 1) {
      // One result the store cannot take must not keep the others from being filed.
      const half = Math.ceil(results.length / 2);
      this.#repeat = results.slice(0, half);
      this.#results.unshift(...results.slice(half));
    } else {
      // Its claim runs out, and the crash table decides.
      this.#repeat = [];
      for (const result of results) this.#settle(result.delivery, { end: 'missed' });
    }
  }

  #done(results: readonly HeadResult[], claims: readonly Tracked[], outcome: TurnOutcome, since: number): void {
    const { hints } = this.#parts;
    for (const ref of outcome.backoff) hints.later(ref, ref.delayMs);
    for (const ref of outcome.ambiguous) hints.later(ref, ref.delayMs, true);
    for (const ref of outcome.held) {
      const result = results.find((r) => r.delivery === ref.delivery);
      const code = result?.kind === 'failed' ? result.code : 'claim-expired';
      // A job of its own fails with the code itself; a member of a batch gets one that does.
      if (this.#tracked.get(ref.delivery)?.own !== true) hints.held(ref, code);
      this.#settle(ref.delivery, { end: 'held', code });
    }
    const late = new Set<DeliveryId>(outcome.late.map((ref) => ref.delivery));
    for (const result of results) this.#settle(result.delivery, { end: late.has(result.delivery) ? 'missed' : 'filed' });
    const claimed = new Set<DeliveryId>(outcome.claimed.map((head) => head.delivery));
    for (const claim of claims) if (!claimed.has(claim.delivery)) this.#settle(claim.delivery, { end: 'missed' });
    this.#movedUp(outcome.due, outcome.health);
    for (const head of outcome.claimed) {
      const here = this.#tracked.get(head.delivery) ?? tracked(head, true);
      here.claimed = true;
      this.#tracked.set(head.delivery, here);
    }
    if (outcome.claimed.length > 0) void this.#slots.accept(outcome.claimed, since);
  }

  /** Heads that moved up unclaimed: wanted here, or hinted to all when this sender is going. After a pause or an open breaker reconcile hints them. */
  #movedUp(heads: readonly Head[], health: DestinationHealth): void {
    if (this.#stopping) this.#parts.hints.now(heads);
    else if (!health.paused && health.breakerMs === null) for (const head of heads) if (!this.#tracked.has(head.delivery)) this.#want(head);
  }
}
