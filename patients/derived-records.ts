import type { Instant } from '../records/ids.ts';
import type { Action, IfUnknown, Json, MappedCustody, MappedPart, MappedRecord, Patch } from '../records/mapped.ts';

/** Owner of the keys of records that exist once for a person, whichever system speaks of them. */
export const INDEX_SYSTEM = 'throughcare';

const textOf = (fields: Patch, field: string): string => {
  const stated = fields[field];
  return stated?.state === 'value' && typeof stated.value === 'string' ? stated.value : '';
};

interface Made {
  readonly kind: string;
  readonly rule: string;
  readonly keys: MappedRecord['keys'];
  readonly fields: Patch;
  readonly asOf: Instant | null;
  readonly defaults?: Readonly<Record<string, Json>>;
  readonly action?: Action;
  readonly ifUnknown?: IfUnknown;
}
const mappedRecord = (made: Made): MappedRecord => ({ position: 1, action: 'put', ifUnknown: 'hold', defaults: {}, children: [], ...made });

/**
 * A custody event as a record. What happened to which booking, and when, is its identity, so a message sent again changes nothing and a
 * correction of the same event becomes its next version. An undo without a time is told apart by when it was stated.
 */
export const custodyRecord = (custody: MappedCustody, asOf: Instant | null, receivedAt: Instant): MappedRecord => {
  const event = textOf(custody.fields, 'event');
  // Details open and close nothing: one record a booking holds them, each field with the time it was last stated.
  const at = event === 'detail' ? '' : textOf(custody.fields, 'at') || (asOf ?? receivedAt);
  return mappedRecord({
    kind: 'custody',
    rule: custody.rule,
    keys: [{ name: 'event', values: [textOf(custody.fields, 'booking'), event, at] }],
    fields: custody.fields,
    asOf,
    ifUnknown: custody.ifUnknown,
  });
};

const SELF: MappedRecord['keys'] = [{ name: 'person', values: ['self'] }];

/** The demographics a message brings; one record a person, so it is applied with {@link INDEX_SYSTEM}. Nothing where the mapping has no `patient`. */
export const patientRecord = (part: Pick<MappedPart, 'patient' | 'patientDefaults' | 'asOf'>): MappedRecord | null =>
  part.patient === null
    ? null
    : mappedRecord({
        kind: 'patient',
        rule: 'patient',
        keys: SELF,
        fields: part.patient,
        defaults: part.patientDefaults,
        asOf: part.asOf,
      });

/**
 * What a person is known by when a message that may not change demographics founds them: details it gave as evidence, as defaults, so that
 * everything really stated takes their place. Without them a second message of that feed would find nothing to compare with.
 */
export const foundingRecord = (part: Pick<MappedPart, 'identify' | 'asOf'>): MappedRecord => {
  const { familyName, givenName, birthDate, gender } = part.identify;
  const defaults: Record<string, Json> = {};
  if (familyName !== undefined || givenName !== undefined)
    defaults.name = {
      ...(familyName === undefined ? {} : { family: familyName }),
      ...(givenName === undefined ? {} : { given: [givenName] }),
    };
  if (birthDate !== undefined) defaults.birthDate = birthDate;
  if (gender !== undefined) defaults.gender = gender;
  return mappedRecord({
    kind: 'patient',
    rule: 'identify',
    keys: SELF,
    fields: {},
    defaults,
    asOf: part.asOf,
  });
};
