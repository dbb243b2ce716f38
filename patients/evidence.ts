import type { IdentityEvidence } from '../records/mapped.ts';
import type { IdentifierType, PersonIdentifier } from '../records/process.ts';
import { type Environment, isTestNumberInLive, nhsNumberRange, readNhsNumber, readPrisonNumber } from './identifiers.ts';
import { readCroNumber, readPncNumber } from './police-numbers.ts';

/** A finding about the identifiers themselves; a code, never a value. */
export type EvidenceNote =
  | 'nhs-number-invalid'
  | 'nhs-number-chi-like'
  | 'nhs-number-test-in-live'
  | 'prison-number-invalid'
  | 'prison-number-legacy'
  | 'pnc-number-invalid'
  | 'cro-number-invalid'
  | 'merged-alias';

export interface ReadEvidence {
  /** Sound identifiers in canonical form, each once. */
  readonly identifiers: readonly PersonIdentifier[];
  /** Prison numbers the sender says were merged into this person's: aliases, no contradiction when another person holds them. */
  readonly mergedAliases: readonly PersonIdentifier[];
  readonly notes: readonly EvidenceNote[];
}

/** Owner under which a prison number of before NOMIS is kept: it may help a person, it matches nobody by itself. */
const LEGACY_PRISON_SYSTEM = 'legacy-prison-number';
/** CX.5 of an identifier that NOMIS has merged away. */
const MERGED = 'MERGED';
const localValue = (system: string, value: string): string => `${system.trim()}|${value.trim()}`;

/**
 * Turns what a message says of a person into identifiers that can be looked up. One that is not sound is left out with a note: it must
 * neither match nor be learned. A local id counts only with its assigning authority.
 */
export const readEvidence = (evidence: IdentityEvidence, environment: Environment): ReadEvidence => {
  const identifiers: PersonIdentifier[] = [];
  const mergedAliases: PersonIdentifier[] = [];
  const notes: EvidenceNote[] = [];
  const add = (type: IdentifierType, value: string, status?: string): void => {
    if (value === '' || identifiers.some((one) => one.type === type && one.value === value)) return;
    identifiers.push({ type, value, ...(status === undefined ? {} : { status }) });
  };

  if (evidence.nhsNumber !== undefined) {
    const reading = readNhsNumber(evidence.nhsNumber);
    if (!reading.ok) notes.push('nhs-number-invalid');
    else {
      if (isTestNumberInLive(reading.value, environment)) notes.push('nhs-number-test-in-live');
      if (nhsNumberRange(reading.value) === 'chi-like') notes.push('nhs-number-chi-like');
      add('nhs-number', reading.value, evidence.nhsNumberStatus);
    }
  }
  if (evidence.prisonNumber !== undefined) {
    const reading = readPrisonNumber(evidence.prisonNumber);
    if (reading.ok) add('prison-number', reading.value);
    else if (reading.why === 'legacy') {
      notes.push('prison-number-legacy');
      add('local-id', localValue(LEGACY_PRISON_SYSTEM, reading.text));
    } else notes.push('prison-number-invalid');
  }
  if (evidence.pncNumber !== undefined) {
    const reading = readPncNumber(evidence.pncNumber);
    if (reading.ok) add('pnc-number', reading.value);
    else notes.push('pnc-number-invalid');
  }
  if (evidence.croNumber !== undefined) {
    const reading = readCroNumber(evidence.croNumber);
    if (reading.ok) add('cro-number', reading.value);
    else notes.push('cro-number-invalid');
  }
  // Shapes of Home Office references changed over time: kept as they come, blanks aside.
  if (evidence.homeOfficeReference !== undefined)
    add('home-office-reference', evidence.homeOfficeReference.replace(/\s+/g, '').toUpperCase());
  for (const local of evidence.localIds ?? []) {
    const merged = local.type === MERGED ? readPrisonNumber(local.value) : undefined;
    if (merged?.ok === true) {
      notes.push('merged-alias');
      mergedAliases.push({ type: 'prison-number', value: merged.value });
    } else if (local.value.trim() !== '' && local.system.trim() !== '') add('local-id', localValue(local.system, local.value));
  }
  return { identifiers, mergedAliases, notes };
};
