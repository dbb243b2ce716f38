import { type KeyPlace, resolveItem, scopedKeys } from '../../patients/item-keys.ts';
import { type Applied, applyRecord, type ItemContext } from '../../patients/items.ts';
import { LINKING_KINDS, withLinks } from '../../patients/links.ts';
import { filedWithChildren } from '../../patients/lists.ts';
import type { DirectoryVersion, ItemId, MappingVersion, MessageId, OdsCode } from '../../records/ids.ts';
import type { Issue } from '../../records/issue.ts';
import type { MappedRecord } from '../../records/mapped.ts';
import type { HeldPart, ProcessStore, StoredItem } from '../../records/process.ts';
import { closureOf, type PersonState } from './person-state.ts';
import type { Draft } from './working-set.ts';

export interface ApplyContext {
  readonly draft: Draft;
  readonly ids: ProcessStore['ids'];
  readonly part: number;
  readonly messageId: MessageId;
  readonly mappingVersion: MappingVersion;
  readonly directoryVersion: DirectoryVersion;
  /** Who says so, as far as the directory knows the sender. */
  readonly assertedBy: OdsCode | null;
  /** What applyRecord needs beside the place of the keys. */
  readonly facts: Omit<ItemContext, keyof KeyPlace>;
}

/** A record after it met what was known: the item as it is now, and why there is nothing to send, if so. */
export interface AppliedRecord {
  readonly item: StoredItem;
  readonly applied: Applied;
  readonly filedBy: string | null;
  readonly isNew: boolean;
}

export type ApplyResult =
  | { readonly ok: true; readonly person: PersonState; readonly records: readonly AppliedRecord[]; readonly issues: readonly Issue[] }
  | { readonly ok: false; readonly hold: HeldPart };

/** Applies one mapped record and its children to what is known of the person, in the draft. */
export const applyMapped = (
  context: ApplyContext,
  person: PersonState,
  unlinked: MappedRecord,
  system: string,
  parent: StoredItem | null = null,
): ApplyResult => {
  const persons = closureOf(person);
  const found = context.draft.foundOf(person);
  const mapped = LINKING_KINDS.has(unlinked.kind) ? withLinks(unlinked, { system, found, persons }) : unlinked;
  const place: KeyPlace = { system, personId: person.id, parent: parent === null ? null : { id: parent.id, uuid: parent.uuid } };
  const resolved = resolveItem(mapped, place, found, persons);
  if (resolved.outcome === 'hold') return { ok: false, hold: { reason: resolved.reason, rule: mapped.rule } };
  const present = resolved.outcome === 'one' ? resolved.item : null;
  const applied = applyRecord(present, mapped, itemContext(context.facts, place));
  if (applied.outcome === 'hold') return { ok: false, hold: { reason: applied.reason, rule: applied.rule } };
  if (applied.outcome === 'noted') return { ok: true, person, records: [], issues: applied.issues };

  const stored = store(context, person, mapped, place, parent, present, applied);
  let { person: next } = stored;
  const issues: Issue[] = [...applied.issues];
  const children: AppliedRecord[] = [];
  for (const child of mapped.children) {
    const result = applyMapped(context, next, child, system, stored.item);
    if (!result.ok) return result;
    next = result.person;
    issues.push(...result.issues);
    children.push(...result.records);
  }
  const filedBy =
    applied.outcome === 'applied'
      ? filedWithChildren(
          applied,
          children.map((child) => child.applied),
        )
      : 'withdrawn-before-it-came';
  return { ok: true, person: next, issues, records: [{ item: stored.item, applied, filedBy, isNew: present === null }, ...children] };
};

/** By name: two objects spread into one cost more than what is done with them. */
const itemContext = (facts: ApplyContext['facts'], { system, personId, parent }: KeyPlace): ItemContext => ({
  source: facts.source,
  messageId: facts.messageId,
  receivedAt: facts.receivedAt,
  mappingVersion: facts.mappingVersion,
  directoryVersion: facts.directoryVersion,
  nameId: facts.nameId,
  system,
  personId,
  parent,
});

const store = (
  context: ApplyContext,
  person: PersonState,
  mapped: MappedRecord,
  place: KeyPlace,
  parent: StoredItem | null,
  present: StoredItem | null,
  applied: Extract<Applied, { outcome: 'applied' | 'tombstone' }>,
): { person: PersonState; item: StoredItem } => {
  if (present !== null && applied.outcome === 'applied' && !applied.store) return { person, item: present };
  const id: ItemId = present?.id ?? context.ids.item();
  // Keys of an item that was made for a person now merged away stay where they were.
  const keyPlace: KeyPlace = present === null ? place : { ...place, personId: present.personId };
  const made =
    applied.outcome === 'applied'
      ? {
          uuid: applied.next.id,
          state: applied.next.state,
          record: context.assertedBy === null ? applied.next : { ...applied.next, assertedBy: context.assertedBy },
          keys: applied.next.keys,
        }
      : { uuid: applied.uuid, state: applied.state, record: null, keys: [...(present?.keys ?? []), ...applied.newKeys] };
  const next = context.draft.write(person, {
    // Each by its name: spread in, they would cost more than all else of a write.
    id,
    uuid: made.uuid,
    state: made.state,
    record: made.record,
    keys: made.keys,
    isNew: present === null,
    personId: present?.personId ?? person.id,
    kind: mapped.kind,
    system: place.system,
    parentId: present?.parentId ?? parent?.id ?? null,
    newKeys: scopedKeys({ kind: mapped.kind, keys: applied.newKeys }, keyPlace),
    mappingVersion: context.mappingVersion,
    directoryVersion: context.directoryVersion,
    recordId: context.ids.record(),
    messageId: context.messageId,
    part: context.part,
  });
  const item = next.items.get(id, mapped.kind);
  if (item === undefined) throw new Error('an item was written and is not there');
  return { person: next, item };
};
