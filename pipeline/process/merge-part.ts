import type { ReadEvidence } from '../../patients/evidence.ts';
import { withoutMetKeys } from '../../patients/item-keys.ts';
import { decideMerge } from '../../patients/merge.ts';
import type { MessageId } from '../../records/ids.ts';
import type { Issue } from '../../records/issue.ts';
import type { MappedMerge } from '../../records/mapped.ts';
import { identifierKey } from '../../records/process.ts';
import { candidateOf, candidatesFor } from './identify.ts';
import { KeyIndex } from './key-index.ts';
import type { MergeResult } from './merge-result.ts';
import { type PersonState, withIdentifiers } from './person-state.ts';
import { unmergePart } from './unmerge-part.ts';
import type { Draft } from './working-set.ts';

/** Carries out the merge a message asks for, in the draft. The one identified stays; the retired one is read as part of it. */
export const mergePart = (
  draft: Draft,
  survivor: PersonState,
  merge: MappedMerge,
  named: { readonly one: ReadEvidence; readonly retired: ReadEvidence },
  at: { messageId: MessageId; part: number },
): MergeResult => {
  const { retired } = named;
  if (merge.action === 'unmerge') return unmergePart(draft, survivor, merge, named, at);
  // Which records belong to a stay no message says: a person sees to it that each is stated for the right one.
  if (merge.action === 'move') return { person: survivor, hold: { reason: 'stay-to-be-moved', rule: merge.rule }, reasons: [] };
  const side = { identifiers: retired.identifiers, candidates: candidatesFor(draft, retired.identifiers), ifUnknown: merge.ifUnknown };
  const decision = decideMerge(candidateOf(survivor), side);
  switch (decision.outcome) {
    case 'hold':
      return { person: survivor, hold: { reason: decision.reason, rule: merge.rule }, reasons: decision.reasons };
    case 'none':
      return { person: survivor, hold: null, reasons: decision.reasons };
    case 'remember':
      return { person: draft.learn(survivor, decision.learns), hold: null, reasons: decision.reasons };
    case 'merge': {
      const gone = draft.person(decision.from);
      const items = survivor.items.withAll(gone.items.all());
      const loaded = new Set([...survivor.loaded].filter((kind) => gone.loaded.has(kind)));
      const joined: PersonState = {
        ...withIdentifiers(survivor, gone.identifiers),
        items,
        keys: KeyIndex.of(items.all()),
        loaded: survivor.isNew ? gone.loaded : gone.isNew ? survivor.loaded : loaded,
        merged: [...survivor.merged, gone.id, ...gone.merged],
        restricted: survivor.restricted || gone.restricted,
        routingVersion: survivor.routingVersion + 1,
      };
      draft.merge({ from: gone.id, into: survivor.id, messageId: at.messageId, part: at.part, undo: false }, joined);
      const learned = draft.learn(
        joined,
        decision.learns.filter((one) => !joined.identifiers.some((known) => identifierKey(known) === identifierKey(one))),
      );
      return { person: learned, hold: null, reasons: decision.reasons, issues: metKeys(learned, merge.rule) };
    }
    case 'unmerge':
      throw new Error('a merge was decided and came out as its reversal');
    default:
      return decision satisfies never;
  }
};

/** One issue a kind: codes and kinds, never a value. The patient record is not among them; the survivor's own stands. */
const metKeys = (person: PersonState, rule: string): Issue[] => {
  const kinds = new Set(withoutMetKeys(person.items.all()).hidden.map((item) => item.kind));
  kinds.delete('patient');
  return [...kinds].sort().map((kind) => ({ code: 'keys-met', rule, target: kind }));
};
