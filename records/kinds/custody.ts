import type { CustodyEventType } from '../mapped.ts';
import { kind } from './kind.ts';
import { date, dateTime, Organisation, of, text, word } from './types.ts';

export const CUSTODY_EVENTS = [
  'reception',
  'transfer',
  'courtOut',
  'courtReturn',
  'release',
  'detail',
  'undoReception',
  'undoTransfer',
  'undoRelease',
  'undoCourt',
] as const satisfies readonly CustodyEventType[];
/** Legal statuses of HMPPS prisoner-search. */
const LEGAL_STATUSES = [
  'RECALL',
  'DEAD',
  'INDETERMINATE_SENTENCE',
  'SENTENCED',
  'CONVICTED_UNSENTENCED',
  'CIVIL_PRISONER',
  'IMMIGRATION_DETAINEE',
  'REMAND',
  'UNKNOWN',
  'OTHER',
] as const;

const legalStatus = text('Legal status (HMPPS).', { values: LEGAL_STATUSES });
const expectedReleaseDate = date('Release is expected on.', { heading: 'discharge-details' });
const confirmedReleaseDate = date('Release is confirmed for.', { heading: 'discharge-details' });
const cell = text('Where in the establishment; an operational detail.');

/** One movement, as told. Stored for ever, never edited; the episode is worked out from these by `at`. */
export const custody = kind(
  { describes: 'One custody event.', fhir: 'Encounter', heading: 'admission-details', byRule: false },
  {
    event: word(CUSTODY_EVENTS, 'What happened.'),
    booking: text('Number of the stay; one per period in custody.'),
    at: dateTime('When it happened. Optional for the undo events: the latest is meant.'),
    from: of(Organisation, 'Where the person left.', { fhir: 'Encounter.hospitalization.origin' }),
    to: of(Organisation, 'Where the person came to.', { fhir: 'Encounter.serviceProvider' }),
    reason: text('Movement reason, as sent (e.g. TRNCRT).'),
    cell,
    legalStatus,
    expectedReleaseDate,
    confirmedReleaseDate,
    releasedTo: text('Where the person went at release, in words.', { heading: 'discharge-details' }),
  },
);

/** A stay in custody as the timeline has it now. Derived: readable by every mapping and route, never written or routed. */
export const episode = kind(
  {
    describes: 'A stay in custody, worked out from its events.',
    fhir: 'EpisodeOfCare',
    heading: 'admission-details',
    routable: false,
    byRule: false,
  },
  {
    booking: text('Number of the stay.'),
    establishment: of(Organisation, 'Who holds the person, or held them last.', { fhir: 'EpisodeOfCare.managingOrganization' }),
    cell,
    inOutStatus: word(['IN', 'OUT', 'TRN', 'COURT', 'UNKNOWN'], 'In the establishment, released, between two, at court, or not known.'),
    receptionAt: dateTime('Start of the stay.', { fhir: 'EpisodeOfCare.period.start' }),
    receivedFrom: of(Organisation, 'Where the person came from.'),
    releasedAt: dateTime('End of the stay.', { fhir: 'EpisodeOfCare.period.end' }),
    releasedTo: text('Where the person went at release.'),
    legalStatus,
    expectedReleaseDate,
    confirmedReleaseDate,
    lastEvent: word(CUSTODY_EVENTS, 'The last event that counts.'),
    lastEventAt: dateTime('When that was.'),
  },
);
