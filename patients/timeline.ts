import type { Whereabouts } from '../records/whereabouts.ts';
import type { CustodyEvent } from './custody-event.ts';
import type { Episode } from './episode.ts';
import { inOrder, isUndo, spanOf, standingEvents } from './timeline-order.ts';
import { type Effect, type TimelineNote, TimelineWalk } from './timeline-walk.ts';

export { type CustodyEvent, custodyEventOf, sameEstablishment } from './custody-event.ts';
export { type Episode, episodeFields } from './episode.ts';
export type { Effect, TimelineNote } from './timeline-walk.ts';

/** Where a person is, and the facts of the stay. */
export interface CustodyState extends Whereabouts {
  readonly because: TimelineNote | null;
  /** Facts of the present stay, or of the last one where the person is out. */
  readonly booking: string | null;
  readonly receptionAt: string | null;
  readonly releasedAt: string | null;
  readonly releasedTo: string | null;
  readonly episode: Episode | null;
}

export interface Timeline extends CustodyState {
  readonly episodes: readonly Episode[];
  /** What each event that counts did, by record id. An event taken back has none. */
  readonly effects: ReadonlyMap<string, Effect>;
  /** Undo → the event it took back. */
  readonly undone: ReadonlyMap<string, string>;
  /** Undos whose original is not known yet. */
  readonly pendingUndos: readonly string[];
}

/**
 * The custody timeline of one person, worked out from all events told of them (those of merged persons too) by effective time, whatever
 * order they arrived in. `until` (ISO 8601) leaves out what happened later: the state as it was then.
 */
export const custodyTimeline = (events: readonly CustodyEvent[], until?: string): Timeline => {
  const standing = standingEvents(events);
  const limit = until === undefined ? Number.POSITIVE_INFINITY : (spanOf(until)?.end ?? Number.POSITIVE_INFINITY);
  const walk = new TimelineWalk();
  inOrder(
    standing.events.filter((one) => one.start <= limit),
    (event) => walk.fits(event),
    (event) => walk.take(event),
  );
  const episode = walk.episodes.at(-1) ?? null;
  return {
    location: walk.location,
    custodian: walk.custodian,
    previousCustodian: walk.previousCustodian,
    inTransit: walk.inTransit,
    because: walk.unknownBecause,
    since: walk.since,
    restsOn: walk.restsOn,
    booking: episode?.booking ?? null,
    receptionAt: episode?.receptionAt ?? null,
    releasedAt: episode?.releasedAt ?? null,
    releasedTo: episode?.releasedTo ?? null,
    episode,
    episodes: walk.episodes,
    effects: walk.effects,
    undone: standing.undone,
    pendingUndos: standing.pending,
  };
};

/** Where the person is now, or was at `until`. */
export const custodyState = (events: readonly CustodyEvent[], until?: string): CustodyState => custodyTimeline(events, until);

/** Was this event taken back by an undo that stands? */
export const takenBack = (events: readonly CustodyEvent[], id: string): boolean => [...standingEvents(events).undone.values()].includes(id);

export type EventCheck =
  | { readonly ok: true }
  /** `undo-of-nothing`: goes by the mapping's `ifUnknown`. */
  | { readonly ok: false; readonly why: 'undo-of-nothing' | 'no-time' }
  /** The event is kept and the state becomes unknown until the missing movement is told. */
  | { readonly ok: false; readonly why: 'does-not-fit'; readonly note: TimelineNote };

/** What is wrong with a new event, beside the others of the person. The event may be among them already. */
export const checkEvent = (events: readonly CustodyEvent[], event: CustodyEvent): EventCheck => {
  const all = events.some((one) => one.id === event.id) ? events : [...events, event];
  if (!isUndo(event.event) && event.at !== null && spanOf(event.at) === undefined) return { ok: false, why: 'no-time' };
  const timeline = custodyTimeline(all);
  if (isUndo(event.event)) return timeline.pendingUndos.includes(event.id) ? { ok: false, why: 'undo-of-nothing' } : { ok: true };
  const effect = timeline.effects.get(event.id);
  return effect?.movement === 'unknown' && effect.note !== null ? { ok: false, why: 'does-not-fit', note: effect.note } : { ok: true };
};
