import type { FaultCode } from '../records/faults.ts';
import type { PersonId } from '../records/ids.ts';
import type { IdentityEvidence } from '../records/mapped.ts';
import { type IdentifierType, type PersonIdentifier, sameIdentifier } from '../records/process.ts';
import { compareDetail, type KnownDetails } from './details.ts';
import { type EvidenceNote, type ReadEvidence, readEvidence } from './evidence.ts';
import { type Environment, NHS_NUMBER_STATUS } from './identifiers.ts';

/** One way in which a person is recognised (`identity.match` of the configuration). */
export interface MatchRule {
  readonly by: 'nhsNumber' | 'prisonNumber' | 'pncNumber' | 'croNumber' | 'homeOfficeReference' | 'localId';
  /** Details that must not differ where both sides state them. */
  readonly agree: readonly ('birthDate' | 'familyName' | 'gender')[];
  /** NHS number only: the number must be sure, see {@link decideIdentity}. */
  readonly verified: boolean;
}

export interface IdentityRules {
  readonly match: readonly MatchRule[];
  readonly environment: Environment;
  /** This source traces its NHS numbers: one without a status counts as verified. A stated status other than 01 never does. */
  readonly trustsNhsNumbers: boolean;
}

/** Rulings, day one: verified NHS number or prison number, with the birth date agreeing where both state it. */
export const START_RULES: readonly MatchRule[] = [
  { by: 'nhsNumber', agree: ['birthDate'], verified: true },
  { by: 'prisonNumber', agree: ['birthDate'], verified: false },
];

/** A person the index finds under one of the message's identifiers, merges followed. */
export interface Candidate extends KnownDetails {
  readonly personId: PersonId;
  /** Everything the person is known by, those of merged persons included. */
  readonly identifiers: readonly PersonIdentifier[];
  readonly restricted: boolean;
}

/** Why it was decided so: codes and person ids, never a value. */
export interface IdentityReason {
  readonly code:
    | EvidenceNote
    | 'known'
    | 'unknown'
    | 'matched'
    | 'number-not-verified'
    | 'number-in-doubt'
    | 'no-rule'
    | 'other-nhs-number'
    | 'other-prison-number'
    | 'several-persons'
    | 'detail-differs'
    | 'status-raised'
    | 'restricted-learns-nothing';
  readonly type?: IdentifierType;
  readonly detail?: string;
  readonly persons?: readonly PersonId[];
}

export type IdentityDecision =
  | {
      readonly outcome: 'match';
      readonly personId: PersonId;
      /** Identifiers to add, or to store again with a better status. */
      readonly learns: readonly PersonIdentifier[];
      readonly mergedAliases: readonly PersonIdentifier[];
      readonly reasons: readonly IdentityReason[];
    }
  | {
      readonly outcome: 'new';
      readonly learns: readonly PersonIdentifier[];
      readonly mergedAliases: readonly PersonIdentifier[];
      readonly reasons: readonly IdentityReason[];
    }
  /** The identifiers contradict: nothing may be filed under anybody. */
  | { readonly outcome: 'hold'; readonly reason: FaultCode; readonly reasons: readonly IdentityReason[] }
  /** Nobody could be matched and nobody may be founded on this. */
  | { readonly outcome: 'unidentified'; readonly reason: FaultCode; readonly reasons: readonly IdentityReason[] };

const TYPES: Readonly<Record<MatchRule['by'], IdentifierType>> = {
  nhsNumber: 'nhs-number',
  prisonNumber: 'prison-number',
  pncNumber: 'pnc-number',
  croNumber: 'cro-number',
  homeOfficeReference: 'home-office-reference',
  localId: 'local-id',
};

/** `sure`: counts alone. `unsure`: counts only with details beside it. `doubtful`: its sender says that it may be another person's. */
const standing = (number: PersonIdentifier, read: ReadEvidence, rules: IdentityRules): 'sure' | 'unsure' | 'doubtful' => {
  if (number.status === NHS_NUMBER_STATUS.verified) return 'sure';
  if (number.status === NHS_NUMBER_STATUS.noOrManyMatches || number.status === NHS_NUMBER_STATUS.conflict) return 'doubtful';
  return number.status === undefined && rules.trustsNhsNumbers && !read.notes.includes('nhs-number-chi-like') ? 'sure' : 'unsure';
};

const holds = (identifiers: readonly PersonIdentifier[], wanted: PersonIdentifier): boolean =>
  identifiers.some((one) => sameIdentifier(one, wanted));

/** A person has a handful of identifiers: comparing them costs less than the texts and the map that would find them. */
const holderOf = (identifier: PersonIdentifier, candidates: readonly Candidate[]): Candidate | undefined =>
  candidates.findLast((person) => holds(person.identifiers, identifier));

/** An unsure number with the birth date stated and equal on both sides, and no name that differs from every known one. */
const corroborated = (evidence: IdentityEvidence, person: Candidate): boolean =>
  compareDetail('birthDate', evidence, person) === 'agrees' &&
  compareDetail('familyName', evidence, person) !== 'differs' &&
  compareDetail('givenName', evidence, person) !== 'differs';

/**
 * Who a message is about. Pure: `candidates` are all persons found under any of its identifiers ({@link readEvidence}), merges followed.
 *
 * - Anything that points at two persons, a second NHS or prison number, or a differing detail is a contradiction and held, whatever else agrees.
 * - An NHS number is sure with status 01, or without a status from a source that traces. Any other must be corroborated: birth date equal on
 *   both sides and no name that differs from every known one, so that a twin's number does not match. With status 04 or 05 it never matches.
 * - Name and date alone never match; nobody known under any identifier founds a new person.
 *
 * Source: rulings D; domain H5, H6, H9; NHS Data Dictionary, NHS NUMBER STATUS INDICATOR CODE.
 */
export const decideIdentity = (
  evidence: IdentityEvidence,
  candidates: readonly Candidate[],
  rules: IdentityRules,
  read: ReadEvidence = readEvidence(evidence, rules.environment),
): IdentityDecision => {
  const reasons: IdentityReason[] = read.notes.map((code) => ({ code }));
  const hold = (reason: FaultCode, ...why: IdentityReason[]): IdentityDecision => ({
    outcome: 'hold',
    reason,
    reasons: [...reasons, ...why],
  });
  if (read.notes.includes('nhs-number-test-in-live')) return hold('test-identity');
  const { identifiers, mergedAliases } = read;
  if (identifiers.length === 0) return { outcome: 'unidentified', reason: 'no-identifier', reasons };

  const found: Candidate[] = [];
  for (const identifier of identifiers) {
    const holder = holderOf(identifier, candidates);
    reasons.push({ code: holder === undefined ? 'unknown' : 'known', type: identifier.type });
    if (holder !== undefined && !found.some(({ personId }) => personId === holder.personId)) found.push(holder);
  }
  if (found.length > 1)
    return hold('identity-contradiction', {
      code: 'several-persons',
      persons: found.map(({ personId }) => personId).sort((a, b) => a - b),
    });
  const [person] = found;
  // A number its own sender doubts is never learned: it would keep the true owner's messages out.
  const usable = identifiers.filter((one) => one.type !== 'nhs-number' || standing(one, read, rules) !== 'doubtful');
  if (usable.length < identifiers.length) reasons.push({ code: 'number-in-doubt', type: 'nhs-number' });
  if (person === undefined) {
    return usable.length === 0
      ? { outcome: 'unidentified', reason: 'no-identifier', reasons }
      : { outcome: 'new', learns: usable, mergedAliases, reasons };
  }

  const isAlias = (known: PersonIdentifier): boolean => holds(mergedAliases, known);
  const second = (type: IdentifierType): boolean =>
    usable.some((own) => own.type === type && !holds(person.identifiers, own)) &&
    person.identifiers.some((known) => known.type === type && !isAlias(known));
  if (second('nhs-number')) return hold('identity-contradiction', { code: 'other-nhs-number', persons: [person.personId] });
  if (second('prison-number')) return hold('identity-contradiction', { code: 'other-prison-number', persons: [person.personId] });

  const refused: IdentityReason[] = [];
  for (const rule of rules.match) {
    const type = TYPES[rule.by];
    const own = identifiers.find((one) => one.type === type && holds(person.identifiers, one));
    if (own === undefined) continue;
    const differs = rule.agree.find((detail) => compareDetail(detail, evidence, person) === 'differs');
    if (differs !== undefined)
      return hold('identity-contradiction', { code: 'detail-differs', type, detail: differs, persons: [person.personId] });
    if (type === 'nhs-number' && rule.verified) {
      const sure = standing(own, read, rules);
      if (sure === 'doubtful' || (sure === 'unsure' && !corroborated(evidence, person))) {
        refused.push({ code: 'number-not-verified', type });
        continue;
      }
    }
    reasons.push({ code: 'matched', type, persons: [person.personId] });
    return matched(person, usable, mergedAliases, reasons);
  }
  if (refused.length === 0) refused.push({ code: 'no-rule', persons: [person.personId] });
  return { outcome: 'unidentified', reason: 'no-identifier', reasons: [...reasons, ...refused] };
};

const matched = (
  person: Candidate,
  identifiers: readonly PersonIdentifier[],
  mergedAliases: readonly PersonIdentifier[],
  reasons: IdentityReason[],
): IdentityDecision => {
  // Numbers of a restricted person are never linked by software (domain H9).
  if (person.restricted) {
    reasons.push({ code: 'restricted-learns-nothing' });
    return { outcome: 'match', personId: person.personId, learns: [], mergedAliases: [], reasons };
  }
  const learns: PersonIdentifier[] = [];
  for (const own of identifiers) {
    const known = person.identifiers.find((one) => sameIdentifier(one, own));
    const raised = known !== undefined && own.status === NHS_NUMBER_STATUS.verified && known.status !== own.status;
    if (raised) reasons.push({ code: 'status-raised', type: own.type });
    if (known === undefined || raised) learns.push(own);
  }
  return { outcome: 'match', personId: person.personId, learns, mergedAliases, reasons };
};
