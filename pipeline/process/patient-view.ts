import type { Json } from '../../records/mapped.ts';
import type { IdentifierType, PersonIdentifier } from '../../records/process.ts';
import type { CanonicalRecord } from '../../records/record.ts';
import { type PersonState, patientOf } from './person-state.ts';

const FIELD: Readonly<Partial<Record<IdentifierType, string>>> = {
  'nhs-number': 'nhsNumber',
  'prison-number': 'prisonNumber',
  'pnc-number': 'pncNumber',
  'cro-number': 'croNumber',
  'home-office-reference': 'homeOfficeReference',
};

/**
 * The patient as outbound mappings read it: demographics from the record, identifiers flat from the index (rulings C35). Of several numbers
 * of one type (after a merge) the one with the best status stands, else the first that was learned.
 */
export const patientView = (person: PersonState, like: CanonicalRecord): CanonicalRecord => {
  const patient = patientOf(person) ?? { ...like, kind: 'patient', fields: {}, keys: [], parentId: null };
  const known = views.get(patient.fields);
  if (known?.identifiers === person.identifiers) return { ...patient, fields: known.fields };
  const fields = fieldsOf(patient, person.identifiers);
  views.set(patient.fields, { identifiers: person.identifiers, fields });
  return { ...patient, fields };
};

/** Versions of the record that state the same share their fields, and most messages bring no identifier: most views are the one before. */
const views = new WeakMap<
  CanonicalRecord['fields'],
  { readonly identifiers: readonly PersonIdentifier[]; readonly fields: CanonicalRecord['fields'] }
>();

const fieldsOf = (patient: CanonicalRecord, identifiers: readonly PersonIdentifier[]): CanonicalRecord['fields'] => {
  const fields: Record<string, Json> = { ...patient.fields };
  const localIds: Json[] = [];
  for (const identifier of [...identifiers].sort(byStanding)) {
    const field = FIELD[identifier.type];
    if (field === undefined) localIds.push(localId(identifier));
    else if (fields[field] === undefined) {
      fields[field] = identifier.value;
      if (identifier.type === 'nhs-number' && identifier.status !== undefined) fields.nhsNumberStatus = identifier.status;
    }
  }
  if (localIds.length > 0) fields.localIds = localIds;
  return fields;
};

const byStanding = (a: PersonIdentifier, b: PersonIdentifier): number => {
  const [left, right] = [a.status ?? '99', b.status ?? '99'];
  return left < right ? -1 : left > right ? 1 : 0;
};

const localId = ({ value }: PersonIdentifier): Json => {
  const bar = value.indexOf('|');
  return { system: value.slice(0, bar), value: value.slice(bar + 1) };
};
