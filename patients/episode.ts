import type { Organisation } from '../records/kinds/types.ts';
import type { CustodyEventType, Json } from '../records/mapped.ts';
import type { CustodyEvent } from './custody-event.ts';

/** Days at one establishment. */
export interface Stay {
  readonly establishment: Organisation;
  /** Nothing where the arrival was never told. */
  readonly from: string | null;
  until: string | null;
}

/** Facts of a stay in custody that any event may bring; the last one told, by effective time, stands. */
const FACTS = ['cell', 'legalStatus', 'expectedReleaseDate', 'confirmedReleaseDate'] as const;
export type EpisodeFacts = Partial<Record<(typeof FACTS)[number], string>>;
export const factsOf = (event: CustodyEvent): EpisodeFacts => {
  const facts: EpisodeFacts = {};
  for (const fact of FACTS) {
    const value = event[fact];
    if (value !== undefined) facts[fact] = value;
  }
  return facts;
};

/** One stay in custody, from reception to release, over all establishments. Times are ISO 8601 as told. */
export interface Episode {
  /** Present booking number, and the system that gave it. */
  booking: string;
  system: string;
  /** Every `system|booking` it was known by; a booking may be switched within a stay. */
  readonly bookings: Set<string>;
  readonly stays: Stay[];
  receptionAt: string | null;
  receivedFrom: Organisation | null;
  releasedAt: string | null;
  releasedTo: string | null;
  /** Closed by a release, or by the next stay where the release was never told. */
  open: boolean;
  inOutStatus: 'IN' | 'OUT' | 'TRN' | 'COURT' | 'UNKNOWN';
  readonly facts: EpisodeFacts;
  lastEvent: CustodyEventType;
  lastEventAt: string;
}

export const bookingKey = (event: { readonly system: string; readonly booking: string }): string => `${event.system}|${event.booking}`;

/** The establishment that holds, or held, the person in this stay. */
export const establishmentOf = (episode: Episode): Organisation | null => episode.stays.at(-1)?.establishment ?? null;

/** The episode as fields of the read-only kind `episode`, for routes and outbound mappings. */
export const episodeFields = (episode: Episode): Readonly<Record<string, Json>> => {
  const fields: Record<string, Json> = {
    booking: episode.booking,
    inOutStatus: episode.inOutStatus,
    lastEvent: episode.lastEvent,
    lastEventAt: episode.lastEventAt,
  };
  const establishment = establishmentOf(episode);
  if (establishment !== null) fields.establishment = { ...establishment };
  if (episode.receivedFrom !== null) fields.receivedFrom = { ...episode.receivedFrom };
  for (const key of ['receptionAt', 'releasedAt', 'releasedTo'] as const) {
    const value = episode[key];
    if (value !== null) fields[key] = value;
  }
  return { ...fields, ...episode.facts };
};
