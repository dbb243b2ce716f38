import type { KnownDetails } from '../../patients/details.ts';
import type { ReadEvidence } from '../../patients/evidence.ts';
import { fieldText, isObject } from '../../patients/fields.ts';
import { type Candidate, decideIdentity, type IdentityDecision, type IdentityRules } from '../../patients/identity.ts';
import type { PersonId } from '../../records/ids.ts';
import type { IdentityEvidence, Json } from '../../records/mapped.ts';
import type { PersonIdentifier } from '../../records/process.ts';
import type { CanonicalRecord } from '../../records/record.ts';
import { type PersonState, patientOf } from './person-state.ts';
import type { Draft } from './working-set.ts';

const nameOf = (value: Json | undefined): { family?: string; given?: string[] } | null => {
  if (!isObject(value)) return null;
  const { family, given } = value;
  return {
    ...(typeof family === 'string' ? { family } : {}),
    ...(Array.isArray(given) ? { given: given.filter((one): one is string => typeof one === 'string') } : {}),
  };
};

/** Fields of a record never change, and a version that changes none has those of the one before: what they say of a person is read once. */
const details = new WeakMap<CanonicalRecord['fields'], KnownDetails>();

const detailsOf = (person: PersonState): KnownDetails => {
  const patient = patientOf(person);
  if (patient === null) return {};
  const known = details.get(patient.fields);
  if (known !== undefined) return known;
  const read = readDetails(patient);
  details.set(patient.fields, read);
  return read;
};

const readDetails = (patient: CanonicalRecord): KnownDetails => {
  const birthDate = fieldText(patient, 'birthDate');
  const gender = fieldText(patient, 'gender');
  const aliases = patient.fields.aliases;
  const names = [nameOf(patient.fields.name), ...(Array.isArray(aliases) ? aliases.map(nameOf) : [])].filter((name) => name !== null);
  return { names, ...(birthDate === undefined ? {} : { birthDate }), ...(gender === undefined ? {} : { gender }) };
};

export const candidateOf = (person: PersonState): Candidate => {
  const { names, birthDate, gender } = detailsOf(person);
  const candidate: { -readonly [K in keyof Candidate]: Candidate[K] } = {
    personId: person.id,
    identifiers: person.identifiers,
    restricted: person.restricted,
  };
  if (names !== undefined) candidate.names = names;
  if (birthDate !== undefined) candidate.birthDate = birthDate;
  if (gender !== undefined) candidate.gender = gender;
  return candidate;
};

/** Everybody the index finds under one of these, merges followed. */
export const candidatesFor = (draft: Draft, identifiers: readonly PersonIdentifier[]): Candidate[] => {
  const persons = new Set<PersonId>();
  for (const identifier of identifiers) {
    const holder = draft.holder(identifier);
    if (holder !== undefined) persons.add(holder);
  }
  return [...persons].map((id) => candidateOf(draft.person(id)));
};

export const identify = (draft: Draft, evidence: IdentityEvidence, read: ReadEvidence, rules: IdentityRules): IdentityDecision =>
  decideIdentity(evidence, candidatesFor(draft, [...read.identifiers, ...read.mergedAliases]), rules, read);
