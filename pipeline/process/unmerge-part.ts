import type { ReadEvidence } from '../../patients/evidence.ts';
import { decideUnmerge, followersOf } from '../../patients/merge.ts';
import type { MessageId, PersonId } from '../../records/ids.ts';
import type { MappedMerge } from '../../records/mapped.ts';
import { identifierKey, type PersonIdentifier, type StoredItem } from '../../records/process.ts';
import { ItemSet } from './item-set.ts';
import { KeyIndex } from './key-index.ts';
import type { MergeResult } from './merge-result.ts';
import type { PersonState } from './person-state.ts';
import type { Draft } from './working-set.ts';

/**
 * Takes two persons apart (A37), in the draft. What each held before goes with each; what was received while they were one stays with the
 * one that was kept, for no record says which of them it is about. Where there is any, somebody is asked to look.
 */
export const unmergePart = (
  draft: Draft,
  kept: PersonState,
  merge: MappedMerge,
  named: { readonly one: ReadEvidence; readonly retired: ReadEvidence },
  at: { readonly messageId: MessageId; readonly part: number },
): MergeResult => {
  const retired = holdersOf(draft, kept, named.retired);
  const one = holdersOf(draft, kept, named.one);
  // A37 names two persons and does not say which of them had been retired: the one that is not the one kept.
  const swapped = retired.length === 1 && retired[0] === kept.id && one.length === 1 && one[0] !== kept.id;
  const decision = decideUnmerge(kept.id, swapped ? one : retired, draft.standing, merge.ifUnknown);
  const { reasons } = decision;
  if (decision.outcome === 'hold') return { person: kept, hold: { reason: decision.reason, rule: merge.rule }, reasons };
  if (decision.outcome !== 'unmerge') return { person: kept, hold: null, reasons };

  const { from, into } = decision;
  const following = followersOf(from, draft.standing);
  const gone = new Set<PersonId>([from, ...following]);
  const mixed = receivedMeanwhile(draft, kept, from, into);
  const { back, rest } = divided(draft, kept, gone);
  draft.unmerge({ from, into, messageId: at.messageId, part: at.part, undo: true, root: kept.id, following }, back(from, following), rest);
  return {
    person: swapped ? draft.person(from) : rest,
    hold: null,
    reasons,
    ...(mixed ? { notice: { reason: 'taken-apart', rule: merge.rule } } : {}),
  };
};

const ownOf = (draft: Draft, id: PersonId): readonly PersonIdentifier[] => {
  const own = draft.ownIdentifiers(id);
  return own.length > 0 ? own : (draft.former(id)?.identifiers ?? []);
};

/** Who holds these identifiers themselves: among the merged persons each by itself, others as the index finds them. */
const holdersOf = (draft: Draft, kept: PersonState, evidence: ReadEvidence): PersonId[] => {
  const found = new Set<PersonId>();
  for (const identifier of evidence.identifiers) {
    const key = identifierKey(identifier);
    const member = kept.merged.find((id) => ownOf(draft, id).some((own) => identifierKey(own) === key));
    const holder = member ?? draft.holder(identifier);
    if (holder !== undefined) found.add(holder);
  }
  return [...found];
};

const receivedMeanwhile = (draft: Draft, kept: PersonState, from: PersonId, into: PersonId): boolean => {
  const merged = draft.standing.find((one) => one.from === from && one.into === into)?.messageId ?? 0;
  return kept.items.all().some(({ record }) => record !== null && record.messageId > merged);
};

/** The two halves of a person: a child goes with its parent. */
const divided = (draft: Draft, kept: PersonState, gone: ReadonlySet<PersonId>) => {
  const all = kept.items.all();
  const parents = new Map(all.map((item) => [item.id, item]));
  const goes = (item: StoredItem): boolean => {
    const parent = item.parentId === null ? undefined : parents.get(item.parentId);
    return gone.has((parent ?? item).personId);
  };
  const half = (back: boolean) => {
    const items = all.filter((item) => goes(item) === back);
    return { items: ItemSet.of(items), keys: KeyIndex.of(items) };
  };
  const identifiers = [...gone].flatMap((id) => [...ownOf(draft, id)]);
  const theirs = new Set(identifiers.map(identifierKey));
  const rest: PersonState = {
    ...kept,
    ...half(false),
    identifiers: kept.identifiers.filter((one) => !theirs.has(identifierKey(one))),
    merged: kept.merged.filter((id) => !gone.has(id)),
    routingVersion: kept.routingVersion + 1,
  };
  const back = (from: PersonId, following: readonly PersonId[]): PersonState => {
    const row = draft.row(from) ?? draft.former(from);
    return {
      ...kept,
      id: from,
      isNew: draft.row(from) === undefined && draft.former(from)?.isNew === true,
      version: row?.version ?? 0,
      routingVersion: (row?.routingVersion ?? 0) + 1,
      restricted: kept.restricted || row?.restricted === true,
      ...half(true),
      identifiers,
      merged: following,
    };
  };
  return { back, rest };
};
