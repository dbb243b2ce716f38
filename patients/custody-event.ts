import { CUSTODY_EVENTS } from '../records/kinds/custody.ts';
import type { Organisation } from '../records/kinds/types.ts';
import type { CustodyEventType } from '../records/mapped.ts';
import type { CanonicalRecord } from '../records/record.ts';
import { fieldText, organisationField } from './fields.ts';

/** One custody event as the timeline reads it. Times are ISO 8601, an instant or a date alone. */
export interface CustodyEvent {
  /** Record id: the same whatever the order of arrival. */
  readonly id: string;
  readonly event: CustodyEventType;
  /** Number of the stay, told apart by the system that gave it. */
  readonly booking: string;
  readonly system: string;
  readonly at: string | null;
  /** When its sender stated it (`asOf`, else the time of receipt): an undo takes back only what was stated before it. */
  readonly statedAt: string;
  readonly to?: Organisation;
  readonly from?: Organisation;
  readonly reason?: string;
  readonly cell?: string;
  readonly legalStatus?: string;
  readonly expectedReleaseDate?: string;
  readonly confirmedReleaseDate?: string;
  readonly releasedTo?: string;
}

const TYPES: ReadonlySet<string> = new Set(CUSTODY_EVENTS);
const isEvent = (text: string | undefined): text is CustodyEventType => text !== undefined && TYPES.has(text);

/** The event a custody record tells of; nothing when it was withdrawn or names no event or booking. */
export const custodyEventOf = (record: CanonicalRecord): CustodyEvent | undefined => {
  // A version of a record never changes and is asked at every message about its person: it is read once.
  let known = events.get(record);
  if (known === undefined) {
    known = readEvent(record) ?? NONE;
    events.set(record, known);
  }
  return known === NONE ? undefined : known;
};

const NONE: CustodyEvent = { id: '', event: 'detail', booking: '', system: '', at: null, statedAt: '' };
const events = new WeakMap<CanonicalRecord, CustodyEvent>();
const TEXTS = ['reason', 'cell', 'legalStatus', 'expectedReleaseDate', 'confirmedReleaseDate', 'releasedTo'] as const;

const readEvent = (record: CanonicalRecord): CustodyEvent | undefined => {
  const event = fieldText(record, 'event');
  const booking = fieldText(record, 'booking');
  if (record.state !== 'current' || !isEvent(event) || booking === undefined) return undefined;
  const at = fieldText(record, 'at') ?? null;
  const found: { -readonly [K in keyof CustodyEvent]: CustodyEvent[K] } = {
    id: record.id,
    event,
    booking,
    system: record.system,
    at,
    statedAt: record.asOf ?? record.receivedAt,
  };
  for (const key of ['to', 'from'] as const) {
    const organisation = organisationField(record, key);
    if (organisation !== undefined) found[key] = organisation;
  }
  for (const key of TEXTS) {
    const text = fieldText(record, key);
    if (text !== undefined) found[key] = text;
  }
  return found;
};

/**
 * Are these one establishment? By agency code where both have one, for a practice's ODS code may be shared by two establishments
 * (domain §2.2); by ODS code else.
 */
export const sameEstablishment = (left: Organisation, right: Organisation): boolean => {
  if (left.agencyCode !== undefined && right.agencyCode !== undefined) return left.agencyCode === right.agencyCode;
  return left.odsCode !== undefined && left.odsCode === right.odsCode;
};
