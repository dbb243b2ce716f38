import type { FaultCode } from '../records/faults.ts';
import type { PersonId } from '../records/ids.ts';
import type { IfUnknown } from '../records/mapped.ts';
import { identifierKey, type PersonIdentifier, type StandingMerge } from '../records/process.ts';
import { datesAgree } from './details.ts';
import type { Candidate } from './identity.ts';

/** Codes and person ids, never a value. */
export interface MergeReason {
  readonly code:
    | 'merged'
    | 'already-one'
    | 'retired-unknown'
    | 'retired-remembered'
    | 'several-persons'
    | 'other-nhs-number'
    | 'birth-date-differs'
    | 'restricted'
    | 'unmerged'
    | 'never-merged'
    | 'operator';
  readonly persons?: readonly PersonId[];
}

export type MergeDecision =
  | {
      readonly outcome: 'merge' | 'unmerge';
      readonly from: PersonId;
      readonly into: PersonId;
      /** Identifiers of the retired side that nobody held yet: aliases of the survivor from now on. */
      readonly learns: readonly PersonIdentifier[];
      readonly reasons: readonly MergeReason[];
    }
  | {
      readonly outcome: 'remember';
      readonly into: PersonId;
      readonly learns: readonly PersonIdentifier[];
      readonly reasons: readonly MergeReason[];
    }
  /** Nothing to do: done before, or the mapping says that an unknown one is only noted. */
  | { readonly outcome: 'none'; readonly reasons: readonly MergeReason[] }
  | { readonly outcome: 'hold'; readonly reason: FaultCode; readonly reasons: readonly MergeReason[] };

export interface RetiredSide {
  /** What the message names the retired one by ({@link readEvidence}). */
  readonly identifiers: readonly PersonIdentifier[];
  /** Persons found under these, merges followed. */
  readonly candidates: readonly Candidate[];
  readonly ifUnknown: IfUnknown;
}

const hold = (reason: FaultCode, code: MergeReason['code'], persons?: readonly PersonId[]): MergeDecision => ({
  outcome: 'hold',
  reason,
  reasons: [{ code, ...(persons === undefined ? {} : { persons }) }],
});

const nhsNumbers = (identifiers: readonly PersonIdentifier[]): readonly string[] =>
  identifiers.filter((one) => one.type === 'nhs-number').map((one) => one.value);

/**
 * A merge (A40, A18, A34, A47): the retired person's records are read with the survivor's from now on; both keep theirs, so it can be undone.
 * Two persons with different NHS numbers or birth dates are not merged on a message alone, nor is a restricted one at all (domain H5, H9).
 * `confirmed`: an operator has looked and says they are one; restriction still stops it.
 */
export const decideMerge = (survivor: Candidate, retired: RetiredSide, confirmed = false): MergeDecision => {
  const persons = new Map(retired.candidates.map((person) => [person.personId, person]));
  if (persons.size > 1)
    return hold(
      'identity-contradiction',
      'several-persons',
      [...persons.keys()].sort((a, b) => a - b),
    );
  const held = new Set(retired.candidates.flatMap((person) => person.identifiers.map(identifierKey)));
  for (const own of survivor.identifiers) held.add(identifierKey(own));
  const learns = retired.identifiers.filter((one) => !held.has(identifierKey(one)));
  const [other] = persons.values();
  if (survivor.restricted || other?.restricted === true) return hold('restricted', 'restricted');

  const own = nhsNumbers(survivor.identifiers);
  const theirs = [...nhsNumbers(retired.identifiers), ...nhsNumbers(other?.identifiers ?? [])];
  if (!confirmed && own.length > 0 && theirs.some((number) => !own.includes(number)))
    return hold('identity-contradiction', 'other-nhs-number', [survivor.personId, ...(other === undefined ? [] : [other.personId])]);

  if (other === undefined) {
    if (retired.ifUnknown === 'hold') return hold('no-identifier', 'retired-unknown');
    if (retired.ifUnknown === 'note' || learns.length === 0) return { outcome: 'none', reasons: [{ code: 'retired-unknown' }] };
    return { outcome: 'remember', into: survivor.personId, learns, reasons: [{ code: 'retired-remembered' }] };
  }
  if (other.personId === survivor.personId) {
    const reasons: MergeReason[] = [{ code: 'already-one' }];
    return learns.length === 0 ? { outcome: 'none', reasons } : { outcome: 'remember', into: survivor.personId, learns, reasons };
  }
  const dates = [survivor.birthDate, other.birthDate];
  if (!confirmed && dates[0] !== undefined && dates[1] !== undefined && !datesAgree(dates[0], dates[1]))
    return hold('identity-contradiction', 'birth-date-differs', [survivor.personId, other.personId]);
  const reasons: MergeReason[] = [{ code: 'merged', persons: [other.personId, survivor.personId] }];
  if (confirmed) reasons.push({ code: 'operator' });
  return { outcome: 'merge', from: other.personId, into: survivor.personId, learns, reasons };
};

/**
 * Takes a merge back (A37, or an operator). `holders` are the persons who hold the retired identifiers themselves, merges NOT followed.
 * An alias that was only ever remembered has no person of its own to go back to: held for a person to decide.
 */
export const decideUnmerge = (
  survivor: PersonId,
  holders: readonly PersonId[],
  merges: readonly Pick<StandingMerge, 'from' | 'into'>[],
  ifUnknown: IfUnknown,
): MergeDecision => {
  const direct = [...new Set(holders)];
  if (direct.length > 1)
    return hold(
      'identity-contradiction',
      'several-persons',
      direct.sort((a, b) => a - b),
    );
  const [from] = direct;
  if (from === undefined) {
    return ifUnknown === 'hold' ? hold('no-identifier', 'retired-unknown') : { outcome: 'none', reasons: [{ code: 'retired-unknown' }] };
  }
  if (from === survivor) return hold('identity-contradiction', 'never-merged', [survivor]);
  // Merges may be chained (a into b, b into c): the step undone is the one this person took itself.
  const own = merges.find((merge) => merge.from === from);
  const seen = new Set<PersonId>();
  let end = own?.into;
  while (end !== undefined && end !== survivor && !seen.has(end)) {
    seen.add(end);
    const here = end;
    end = merges.find((merge) => merge.from === here)?.into;
  }
  if (own === undefined || end !== survivor) return { outcome: 'none', reasons: [{ code: 'never-merged', persons: [from, survivor] }] };
  return { outcome: 'unmerge', from, into: own.into, learns: [], reasons: [{ code: 'unmerged', persons: [from, own.into] }] };
};

/** Persons whose merges lead through this one: they go with it when it is taken apart. */
export const followersOf = (from: PersonId, merges: readonly Pick<StandingMerge, 'from' | 'into'>[]): readonly PersonId[] => {
  const found = new Set<PersonId>();
  const walk = (into: PersonId): void => {
    for (const merge of merges) {
      if (merge.into !== into || merge.from === from || found.has(merge.from)) continue;
      found.add(merge.from);
      walk(merge.from);
    }
  };
  walk(from);
  return [...found];
};
