import { withoutMetKeys } from '../../patients/item-keys.ts';
import type { PersonId } from '../../records/ids.ts';
import { identifierKey, type PersonIdentifier, type PersonRow, type StoredItem } from '../../records/process.ts';
import type { CanonicalRecord } from '../../records/record.ts';
import { ItemSet } from './item-set.ts';
import { KeyIndex } from './key-index.ts';

/**
 * What the leader knows of one person while a batch is decided: the person's own row, identifiers, and the items of the kinds that
 * were loaded, with those of every person merged into this one. Changed by copy, so that a message that fails leaves no trace.
 */
export interface PersonState {
  readonly id: PersonId;
  readonly isNew: boolean;
  readonly version: number;
  readonly routingVersion: number;
  readonly restricted: boolean;
  /** Persons merged into this one; their items are read as this one's. */
  readonly merged: readonly PersonId[];
  readonly identifiers: readonly PersonIdentifier[];
  readonly items: ItemSet;
  /** Of the items as they were stored before this batch; keys that the batch adds are in its working set. */
  readonly keys: KeyIndex;
  /** Kinds of which every item is in `items`. */
  readonly loaded: ReadonlySet<string>;
}

export const freshPerson = (id: PersonId): PersonState => ({
  id,
  isNew: true,
  version: 0,
  routingVersion: 0,
  restricted: false,
  merged: [],
  identifiers: [],
  items: ItemSet.EMPTY,
  keys: new KeyIndex(),
  loaded: ALL_KINDS,
});

/** A person made in this batch has nothing that could still be loaded. */
const ALL_KINDS: ReadonlySet<string> = Object.assign(new Set<string>(), { has: () => true });

export const knownPerson = (rows: readonly PersonRow[], root: PersonRow, identifiers: readonly PersonIdentifier[]): PersonState => ({
  id: root.id,
  isNew: false,
  version: root.version,
  routingVersion: root.routingVersion,
  restricted: rows.some((row) => row.restricted),
  merged: rows.filter((row) => row.id !== root.id).map((row) => row.id),
  identifiers,
  items: ItemSet.EMPTY,
  keys: new KeyIndex(),
  loaded: new Set(),
});

/** Items read from the store, of which these kinds are now known whole. */
export const withItems = (person: PersonState, items: readonly StoredItem[], kinds: Iterable<string> = []): PersonState => ({
  ...person,
  items: person.items.withAll(items),
  keys: person.keys.with(items),
  loaded: person.isNew ? person.loaded : new Set([...person.loaded, ...kinds]),
});

/** One item as it is now. */
export const withItem = (person: PersonState, item: StoredItem): PersonState => ({ ...person, items: person.items.with(item) });

export const withIdentifiers = (person: PersonState, learned: readonly PersonIdentifier[]): PersonState => {
  const known = new Map(person.identifiers.map((identifier) => [identifierKey(identifier), identifier]));
  for (const identifier of learned) known.set(identifierKey(identifier), { ...known.get(identifierKey(identifier)), ...identifier });
  return { ...person, identifiers: [...known.values()] };
};

export const itemsOfKind = (person: PersonState, kind: string): readonly StoredItem[] => person.items.ofKind(kind);

export const recordsOfKind = (person: PersonState, kind: string): CanonicalRecord[] => {
  const found: CanonicalRecord[] = [];
  for (const item of person.items.ofKind(kind)) if (item.record !== null) found.push(item.record);
  return found;
};

/** The records of a kind as they are read: after a merge, without those that another of the same key has overtaken. */
export const recordsRead = (person: PersonState, kind: string): CanonicalRecord[] => {
  if (person.merged.length === 0) return recordsOfKind(person, kind);
  return withoutMetKeys(itemsOfKind(person, kind)).kept.flatMap((item) => item.record ?? []);
};

/** The person and all who are merged with them. */
export const closureOf = (person: PersonState): ReadonlySet<PersonId> => new Set([person.id, ...person.merged]);

/** The patient record that stands: the person's own, else the newest of those merged in. */
export const patientOf = (person: PersonState): CanonicalRecord | null => {
  let found: StoredItem | undefined;
  for (const item of person.items.ofKind('patient')) {
    if (item.record === null) continue;
    if (found === undefined || item.personId === person.id || (found.personId !== person.id && item.id > found.id)) found = item;
  }
  return found?.record ?? null;
};
