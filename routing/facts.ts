import type { Instant, OdsCode } from '../records/ids.ts';
import type { Json } from '../records/mapped.ts';
import type { CanonicalRecord } from '../records/record.ts';
import type { Movement, RegistrationState, VitalFacts, Whereabouts } from '../records/whereabouts.ts';

/** Word of a clinical priority, as routes write it. */
export type PriorityWord = 'urgent' | 'high' | 'routine';

/** Everything a route may decide by: one record as it stands now, and what is known of its person at that moment. */
export interface RoutingFacts {
  readonly record: CanonicalRecord;
  readonly whereabouts: Whereabouts;
  /** Fields of the derived kind `episode`; empty where there is none. */
  readonly episode: Readonly<Record<string, Json>>;
  /** For a custody event: what it really was (a return to another establishment is a transfer). */
  readonly movement: Movement | null;
  readonly registration: RegistrationState;
  readonly vital: VitalFacts;
  /** Organisation the message came from, where the source names it: nothing is sent back to it. */
  readonly sender: OdsCode | null;
  readonly priority: PriorityWord;
  /** When it is decided: the time of receipt, or of the re-check at dispatch. */
  readonly at: Instant;
}

/** A value as the texts a condition compares: lists give one each, yes-no values both spellings. */
export const textsOf = (value: Json | undefined): readonly string[] => {
  if (value === undefined || value === null) return [];
  if (typeof value === 'string') return value === '' ? [] : [value];
  if (typeof value === 'number') return [String(value)];
  if (typeof value === 'boolean') return value ? ['yes', 'true'] : ['no', 'false'];
  if (Array.isArray(value)) return value.flatMap((item: Json) => textsOf(item));
  return [];
};

const NOTHING: readonly string[] = [];
const flag = (value: boolean): readonly string[] => textsOf(value);
/** An organisation answers to its agency and its ODS code. */
const codesOf = (organisation: Whereabouts['custodian']): readonly string[] =>
  [organisation?.agencyCode, organisation?.odsCode].filter((code) => code !== undefined);

/** Single words a condition may name, with what they read. */
export const WORDS: Readonly<Record<string, (facts: RoutingFacts) => readonly string[]>> = {
  kind: ({ record }) => [record.kind],
  action: ({ record }) => [record.action],
  state: ({ record }) => [record.state],
  source: ({ record }) => [record.source],
  system: ({ record }) => [record.system],
  priority: ({ priority }) => [priority],
};

/** `person.…`: where the person is and who is their practice, now. */
export const PERSON: Readonly<Record<string, (facts: RoutingFacts) => readonly string[]>> = {
  // At court the person is still held: `in` is true of both (ruling D), `court` tells them apart.
  location: ({ whereabouts: { location } }) => (location === 'court' ? ['in', 'court'] : [location]),
  custodian: ({ whereabouts }) => codesOf(whereabouts.custodian),
  previousCustodian: ({ whereabouts }) => codesOf(whereabouts.previousCustodian),
  inTransit: ({ whereabouts }) => flag(whereabouts.inTransit),
  registered: ({ registration }) => (registration.present === null ? NOTHING : [registration.present.practiceOds]),
  registration: ({ registration }) => [registration.present?.standing ?? 'none'],
  restricted: ({ vital }) => flag(vital.restricted),
  deceased: ({ vital }) => flag(vital.deceased),
};
