import type { DestinationId } from '../../../records/ids.ts';
import type { Resolution, SendResult } from '../../../records/ports.ts';
import type { Chance } from '../../support/seed.ts';
import type { Far, Sending } from './protocol.ts';

export interface FarEvent extends Sending {
  readonly what: 'start' | 'end' | 'orphaned';
  readonly child: number;
  readonly outcome?: string;
}

export interface Violation {
  readonly kind: 'overlap' | 'order' | 'token' | 'double';
  readonly lane: number;
  readonly delivery: number;
  readonly text: string;
}

interface InFlight {
  readonly child: number;
  readonly sending: Sending;
  readonly since: number;
  orphan: boolean;
}

const TAKEN: SendResult = { outcome: 'delivered', confirmed: true, receiptCode: 'AA' };
const HANDED_OVER: SendResult = { outcome: 'delivered', confirmed: false, receiptCode: '202' };
const REFUSED: SendResult = { outcome: 'transient', code: 'connection-refused', sentBytes: false, transport: true };
const LOST: SendResult = { outcome: 'ambiguous', code: 'connection-lost', sentBytes: true, transport: true };
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/**
 * All receivers in one, outside the processes that send: it hears a send begin when the request arrives and end when it answers, and so
 * sees two senders at once, a lane out of order, a token used twice, or the same bytes taken twice where that must not be.
 */
export class FarSide {
  readonly events: FarEvent[] = [];
  readonly violations: Violation[] = [];
  readonly taken = new Set<string>();
  readonly counts: Record<string, number> = {};
  /** No more trouble: everything is taken. */
  calm = false;
  readonly #chance: Chance;
  readonly #claimTtlMs: number;
  readonly #far: ReadonlyMap<DestinationId, Far>;
  readonly #inFlight = new Set<InFlight>();
  readonly #lastDelivery = new Map<number, number>();
  readonly #lastToken = new Map<number, number>();
  readonly #downUntil = new Map<DestinationId, number>();

  constructor(chance: Chance, far: readonly Far[], claimTtlMs: number) {
    this.#chance = chance;
    this.#claimTtlMs = claimTtlMs;
    this.#far = new Map(far.map((one) => [one.id, one]));
  }

  /** The host of a destination is gone for a while. */
  down(destination: DestinationId, ms: number): void {
    this.#downUntil.set(destination, performance.now() + ms);
  }

  async send(child: number, sending: Sending): Promise<SendResult> {
    const flight: InFlight = { child, sending, since: performance.now(), orphan: false };
    this.#judge(flight);
    this.#inFlight.add(flight);
    this.#note('start', child, sending);
    await pause(this.#chance.happens(0.01) ? 100 + this.#chance.below(200) : this.#chance.below(4));
    const result = this.#answer(sending);
    this.#inFlight.delete(flight);
    this.#note('end', child, sending, result.outcome === 'delivered' ? 'delivered' : result.code);
    return result;
  }

  /** Not found is proof only while nothing is on its way. */
  ask(sending: Sending): Resolution {
    this.#count('asked');
    for (const flight of this.#inFlight) if (flight.sending.key === sending.key) return { known: 'unknown' };
    if (!this.calm && this.#chance.happens(0.1)) return { known: 'unknown' };
    return this.taken.has(sending.key) ? { known: 'delivered', receiptCode: 'file' } : { known: 'not-sent' };
  }

  /** What this child was sending goes on without it. */
  killed(child: number): void {
    for (const flight of this.#inFlight) {
      if (flight.child !== child) continue;
      flight.orphan = true;
      this.#note('orphaned', child, flight.sending);
    }
  }

  #answer(sending: Sending): SendResult {
    if ((this.#downUntil.get(sending.destination) ?? 0) > performance.now()) return REFUSED;
    const confirmed = this.#far.get(sending.destination)?.name !== 'confirming' || this.#chance.happens(0.5);
    const dice = this.calm ? 0 : this.#chance.next();
    if (dice < 0.87) return this.#take(sending, confirmed ? TAKEN : HANDED_OVER);
    if (dice < 0.91) return { outcome: 'transient', code: 'answer-busy', sentBytes: true, receiptCode: 'AR', transport: false };
    if (dice < 0.93) return REFUSED;
    if (dice < 0.945) return { outcome: 'permanent', code: 'answer-reject', sentBytes: true, receiptCode: 'AR', transport: false };
    return dice < 0.98 ? this.#take(sending, LOST) : LOST;
  }

  #take(sending: Sending, result: SendResult): SendResult {
    if (this.taken.has(sending.key) && this.#far.get(sending.destination)?.dedupable === false) {
      this.violations.push({
        kind: 'double',
        lane: sending.lane,
        delivery: sending.delivery,
        text: `delivery ${sending.delivery} was taken twice`,
      });
    }
    this.taken.add(sending.key);
    return result;
  }

  #judge({ child, sending }: InFlight): void {
    const { lane, delivery, token } = sending;
    for (const other of this.#inFlight) {
      if (other.sending.lane !== lane || other.orphan) continue;
      if (this.#overdue(other)) this.#count('overdue');
      else
        this.violations.push({
          kind: 'overlap',
          lane,
          delivery,
          text: `child ${child} sends ${delivery} while child ${other.child} sends ${other.sending.delivery}`,
        });
    }
    const before = this.#lastDelivery.get(lane) ?? 0;
    if (delivery < before) this.violations.push({ kind: 'order', lane, delivery, text: `${delivery} left after ${before}` });
    if (token <= (this.#lastToken.get(lane) ?? 0))
      this.violations.push({ kind: 'token', lane, delivery, text: `token ${token} was used before` });
    this.#lastDelivery.set(lane, Math.max(before, delivery));
    this.#lastToken.set(lane, token);
  }

  /** Its claim has run out, the machine having stood still; that excuses a second sender where the receiver recognises duplicates. */
  #overdue({ sending, since }: InFlight): boolean {
    return this.#far.get(sending.destination)?.dedupable === true && performance.now() - since >= this.#claimTtlMs;
  }

  #note(what: FarEvent['what'], child: number, sending: Sending, outcome?: string): void {
    this.events.push({ what, child, ...sending, ...(outcome === undefined ? {} : { outcome }) });
    this.#count(outcome ?? what);
  }

  #count(what: string): void {
    this.counts[what] = (this.counts[what] ?? 0) + 1;
  }
}
