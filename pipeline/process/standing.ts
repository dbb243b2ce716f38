import { custodyEventOf } from '../../patients/custody-event.ts';
import { episodeFields } from '../../patients/episode.ts';
import { presentRegistration, vitalFacts } from '../../patients/registration.ts';
import { custodyTimeline, type Timeline } from '../../patients/timeline.ts';
import type { Instant, OdsCode } from '../../records/ids.ts';
import type { CanonicalRecord } from '../../records/record.ts';
import type { RegistrationState } from '../../records/whereabouts.ts';
import type { RoutingFacts } from '../../routing/facts.ts';
import { clinicalPriority } from '../../routing/priority.ts';
import { type PersonState, patientOf, recordsOfKind, recordsRead } from './person-state.ts';

/** What is known of a person at a moment, worked out once and used for every record decided then. */
export interface Standing {
  readonly timeline: Timeline;
  readonly registration: RegistrationState;
  /** Fields of the present or last stay in custody; empty where there is none. */
  readonly episode: RoutingFacts['episode'];
  readonly at: Instant;
  factsFor(record: CanonicalRecord, children: readonly CanonicalRecord[], sender: OdsCode | null): RoutingFacts;
}

/** A sender's clock may run ahead of ours; a movement announced for later than this has not happened yet. */
const CLOCK_TOLERANCE_MS = 10 * 60_000;

export const standingOf = (person: PersonState, at: Instant): Standing => {
  const events = recordsOfKind(person, 'custody').flatMap((record) => custodyEventOf(record) ?? []);
  const timeline = custodyTimeline(events, new Date(Date.parse(at) + CLOCK_TOLERANCE_MS).toISOString());
  const registration = presentRegistration(recordsRead(person, 'gpRegistration'), at);
  const vital = vitalFacts(patientOf(person), person.restricted, timeline.episode?.facts.legalStatus);
  const episode = timeline.episode === null ? {} : episodeFields(timeline.episode);
  return {
    timeline,
    registration,
    episode,
    at,
    factsFor: (record, children, sender) => ({
      record,
      whereabouts: timeline,
      episode,
      registration,
      vital,
      sender,
      at,
      movement: record.kind === 'custody' ? (timeline.effects.get(record.id)?.movement ?? null) : null,
      priority: clinicalPriority(record, children),
    }),
  };
};
