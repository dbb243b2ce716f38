import type { Organisation } from '../records/kinds/types.ts';
import type { Location, Movement } from '../records/whereabouts.ts';
import { type CustodyEvent, sameEstablishment } from './custody-event.ts';
import { bookingKey, type Episode, type EpisodeFacts, factsOf } from './episode.ts';
import { spanOf, type Timed } from './timeline-order.ts';

export type TimelineNote =
  | 'no-establishment'
  | 'already-there'
  | 'release-missing'
  | 'reception-missing'
  | 'transfer-missing'
  | 'court-out-missing'
  | 'via-court'
  | 'left-before'
  | 'left-for-transfer'
  | 'out-and-return'
  | 'earlier-booking'
  | 'already-out'
  | 'release-without-reception'
  | 'release-from-elsewhere'
  | 'moved-while-out'
  | 'court-out-from-elsewhere';
export interface Effect {
  readonly movement: Movement;
  readonly note: TimelineNote | null;
}

/**
 * HMPPS movement reasons that say a `release` was none: on the way to another establishment, or out for a while and coming back.
 * The mapping should have told them apart; nobody may be sent home on paper because it did not.
 */
const TRANSFER_REASONS: ReadonlySet<string> = new Set(['TRN', 'TRANSFERRED', 'TRNCRT', 'TRNTAP']);
const RETURN_REASONS: ReadonlySet<string> = new Set(['CRT', 'SENT_TO_COURT', 'TAP', 'TEMPORARY_ABSENCE_RELEASE']);
/** How long after an arrival elsewhere the release from the former establishment may be dated and still be the other half of the move. */
const PAIR_WINDOW = 24 * 3_600_000;

/** Walks custody events in the order they happened. Arrivals are positive statements and win; a departure that does not fit makes the state unknown. */
export class TimelineWalk {
  location: Location = 'never';
  custodian: Organisation | null = null;
  previousCustodian: Organisation | null = null;
  unknownBecause: TimelineNote | null = null;
  /** The movement the present state rests on. */
  restsOn: string | null = null;
  since: string | null = null;
  inTransit = false;
  readonly episodes: Episode[] = [];
  readonly effects = new Map<string, Effect>();
  private arrivedAt = Number.NEGATIVE_INFINITY;
  /** Details told before their booking was heard of. */
  private readonly early = new Map<string, EpisodeFacts>();

  private get open(): Episode | undefined {
    const last = this.episodes.at(-1);
    return last?.open === true ? last : undefined;
  }
  private isHere(organisation: Organisation | undefined): boolean {
    return organisation === undefined || (this.custodian !== null && sameEstablishment(organisation, this.custodian));
  }

  /** Is this what one would expect next? Asked only where the times do not tell. */
  fits(event: CustodyEvent): boolean {
    const held = this.location === 'in' || this.location === 'court';
    switch (event.event) {
      case 'reception':
        return this.location === 'never' || this.location === 'out';
      case 'transfer':
        return held && this.isHere(event.from);
      case 'courtOut':
        return this.location === 'in' && this.isHere(event.from);
      case 'courtReturn':
        return this.location === 'court';
      case 'release':
        return held && this.isHere(event.from);
      default:
        return event.event === 'detail';
    }
  }

  take(one: Timed): void {
    const { event } = one;
    const effect = this.step(one);
    this.effects.set(event.id, effect);
    const { movement } = effect;
    if (movement === 'detail' || movement === 'none') return;
    this.restsOn = event.id;
    this.since = whenOf(event);
    if (movement !== 'unknown') this.unknownBecause = null;
    const episode = this.episodes.at(-1);
    if (episode === undefined) return;
    episode.lastEvent = event.event;
    episode.lastEventAt = whenOf(event);
    if (episode.open) episode.inOutStatus = this.location === 'unknown' ? 'UNKNOWN' : this.location === 'court' ? 'COURT' : 'IN';
  }

  private step(one: Timed): Effect {
    const { event } = one;
    switch (event.event) {
      case 'reception':
        return this.reception(one);
      case 'transfer':
        return this.location === 'out' ? this.lost('moved-while-out') : this.arrive(one, 'transfer');
      case 'courtOut':
        return this.courtOut(event);
      case 'courtReturn':
        return this.courtReturn(one);
      case 'release':
        if (event.reason !== undefined && TRANSFER_REASONS.has(event.reason)) return this.leaveForTransfer(event);
        if (event.reason !== undefined && RETURN_REASONS.has(event.reason)) return { ...this.courtOut(event), note: 'out-and-return' };
        return this.release(one);
      default:
        return this.detail(event);
    }
  }

  private reception(one: Timed): Effect {
    const { event } = one;
    const { to } = event;
    if (to === undefined) return this.lost('no-establishment');
    const episode = this.open;
    if (episode !== undefined && this.custodian !== null && this.isHere(to)) {
      // Told again, by another system or under a switched booking; some feeds also tell a return from court so.
      return { movement: this.stayOn(episode, event), note: 'already-there' };
    }
    const sameStay = episode !== undefined && (episode.bookings.has(bookingKey(event)) || !this.knowsSystem(episode, event.system));
    if (episode !== undefined && sameStay) return this.arrive(one, 'transfer', this.inTransit ? null : 'transfer-missing');
    if (episode !== undefined) this.close(episode, null);
    const effect = this.arrive(one, 'reception');
    return episode === undefined ? effect : { ...effect, note: 'release-missing' };
  }

  /** The person is at `to` now. Opens a stay there, and an episode where none is open. */
  private arrive(one: Timed, movement: 'reception' | 'transfer' | 'courtReturn', note: TimelineNote | null = null): Effect {
    const { event } = one;
    const { to } = event;
    if (to === undefined) return this.lost('no-establishment');
    const at = whenOf(event);
    const existing = this.open;
    if (existing !== undefined && this.custodian !== null && sameEstablishment(to, this.custodian)) {
      const effect = this.stayOn(existing, event);
      return { movement: effect, note: effect === 'none' ? 'already-there' : note };
    }
    const first = existing === undefined;
    const episode = existing ?? this.start(event, movement === 'reception' ? at : null);
    if (!first) this.leave(at);
    episode.stays.push({ establishment: to, from: at, until: null });
    delete episode.facts.cell;
    this.adopt(episode, event);
    this.custodian = to;
    this.location = 'in';
    this.inTransit = false;
    this.arrivedAt = one.start;
    return { movement, note: note ?? (first && movement !== 'reception' ? 'reception-missing' : null) };
  }

  /** An arrival where the person is already held. */
  private stayOn(episode: Episode, event: CustodyEvent): 'courtReturn' | 'none' {
    const returned = this.location === 'court';
    this.adopt(episode, event);
    this.inTransit = false;
    this.location = 'in';
    episode.inOutStatus = 'IN';
    return returned ? 'courtReturn' : 'none';
  }

  private courtOut(event: CustodyEvent): Effect {
    if (this.location === 'out') return this.lost('moved-while-out');
    if (this.location === 'in' || this.location === 'court') {
      if (!this.isHere(event.from)) return this.lost('court-out-from-elsewhere');
      const already = this.location === 'court';
      this.location = 'court';
      this.note(event);
      return { movement: already ? 'none' : 'courtOut', note: already ? 'already-out' : null };
    }
    const { from } = event;
    if (from === undefined) return this.lost(this.unknownBecause ?? 'reception-missing');
    const last = this.open?.stays.at(-1);
    // Where nothing fits, only the establishment last known may say that it still holds the person.
    if (this.location === 'unknown' && (last === undefined || !sameEstablishment(from, last.establishment)))
      return this.lost('court-out-from-elsewhere');
    const episode = this.open ?? this.start(event, null);
    if (last === undefined) episode.stays.push({ establishment: from, from: null, until: null });
    this.custodian = last?.establishment ?? from;
    this.adopt(episode, event);
    this.location = 'court';
    return { movement: 'courtOut', note: last === undefined ? 'reception-missing' : null };
  }

  private courtReturn(one: Timed): Effect {
    const { event } = one;
    if (this.location === 'out') return this.lost('moved-while-out');
    if (this.location === 'court' && this.isHere(event.to)) {
      this.location = 'in';
      this.note(event);
      return { movement: 'courtReturn', note: null };
    }
    if (this.location === 'court') return this.arrive(one, 'transfer', 'via-court');
    if (this.location === 'in') {
      if (this.isHere(event.to)) return { movement: 'none', note: 'court-out-missing' };
      return this.arrive(one, 'transfer', 'via-court');
    }
    return event.to === undefined ? this.lost('reception-missing') : this.arrive(one, 'courtReturn', 'reception-missing');
  }

  private release(one: Timed): Effect {
    const { event } = one;
    if (this.location === 'out') return { movement: 'none', note: 'already-out' };
    const episode = this.open;
    if (episode === undefined) {
      if (event.from !== undefined) this.previousCustodian = event.from;
      return this.lost('release-without-reception');
    }
    const key = bookingKey(event);
    if (!episode.bookings.has(key) && this.episodes.some((other) => other !== episode && other.bookings.has(key)))
      return { movement: 'none', note: 'earlier-booking' };
    if (this.custodian !== null && !this.isHere(event.from)) {
      const tail = event.from !== undefined && this.previousCustodian !== null && sameEstablishment(event.from, this.previousCustodian);
      return tail && one.start - this.arrivedAt <= PAIR_WINDOW
        ? { movement: 'none', note: 'left-before' }
        : this.lost('release-from-elsewhere');
    }
    if (this.custodian === null && event.from !== undefined) this.previousCustodian = event.from;
    this.note(event);
    this.close(episode, whenOf(event));
    episode.releasedTo = event.releasedTo ?? null;
    this.location = 'out';
    return { movement: 'release', note: null };
  }

  /** Left, and on the way to another establishment: the former one answers for the person until the arrival is told. */
  private leaveForTransfer(event: CustodyEvent): Effect {
    const episode = this.open;
    if (episode === undefined || this.custodian === null || !this.isHere(event.from)) return { movement: 'none', note: 'left-before' };
    this.inTransit = true;
    episode.inOutStatus = 'TRN';
    this.note(event);
    return { movement: 'none', note: 'left-for-transfer' };
  }

  private detail(event: CustodyEvent): Effect {
    const key = bookingKey(event);
    const episode = this.episodes.findLast((one) => one.bookings.has(key));
    if (episode === undefined) this.early.set(key, { ...this.early.get(key), ...factsOf(event) });
    else Object.assign(episode.facts, factsOf(event));
    return { movement: 'detail', note: null };
  }

  private start(event: CustodyEvent, receptionAt: string | null): Episode {
    const episode: Episode = {
      booking: event.booking,
      system: event.system,
      bookings: new Set(),
      stays: [],
      receptionAt,
      receivedFrom: event.event === 'reception' ? (event.from ?? null) : null,
      releasedAt: null,
      releasedTo: null,
      open: true,
      inOutStatus: 'IN',
      facts: {},
      lastEvent: event.event,
      lastEventAt: whenOf(event),
    };
    this.episodes.push(episode);
    if (event.event === 'transfer' && event.from !== undefined && this.previousCustodian === null) this.previousCustodian = event.from;
    return episode;
  }

  /** Takes over the booking of an event and its facts. */
  private adopt(episode: Episode, event: CustodyEvent): void {
    const key = bookingKey(event);
    if (!episode.bookings.has(key)) {
      episode.bookings.add(key);
      Object.assign(episode.facts, this.early.get(key));
      if (event.system === episode.system) episode.booking = event.booking;
    }
    Object.assign(episode.facts, factsOf(event));
  }
  /** Facts of an event that neither opens nor moves. */
  private note(event: CustodyEvent): void {
    if (this.open !== undefined) Object.assign(this.open.facts, factsOf(event));
  }
  private knowsSystem(episode: Episode, system: string): boolean {
    return [...episode.bookings].some((key) => key.startsWith(`${system}|`));
  }

  private leave(at: string | null): void {
    const stay = this.open?.stays.at(-1);
    if (stay !== undefined && stay.until === null) stay.until = at;
    if (this.custodian !== null) this.previousCustodian = this.custodian;
  }
  private close(episode: Episode, at: string | null): void {
    this.leave(at);
    episode.open = false;
    episode.releasedAt = at;
    episode.inOutStatus = 'OUT';
    this.custodian = null;
    this.inTransit = false;
  }
  private lost(because: TimelineNote): Effect {
    if (this.custodian !== null) this.previousCustodian = this.custodian;
    this.custodian = null;
    this.location = 'unknown';
    this.inTransit = false;
    this.unknownBecause = because;
    return { movement: 'unknown', note: because };
  }
}

/** When an event happened, as told. */
const whenOf = (event: CustodyEvent): string => (spanOf(event.at) !== undefined && event.at !== null ? event.at : event.statedAt);
