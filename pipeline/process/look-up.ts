import { LINKING_KINDS, linkedKeys } from '../../patients/links.ts';
import type { PersonId } from '../../records/ids.ts';
import { isKindName, keyScope } from '../../records/kinds/index.ts';
import type { MappedRecord } from '../../records/mapped.ts';
import {
  identifierKey,
  type PersonIdentifier,
  type PersonRow,
  type ProcessTransaction,
  type ScopedKey,
  type StoredItem,
  scopedKeyText,
} from '../../records/process.ts';
import type { PersonCache } from './person-cache.ts';
import type { PersonState } from './person-state.ts';
import type { PartWork } from './work.ts';

/** A part, and who owns the keys it names. */
export interface OwnedPart {
  readonly part: PartWork;
  readonly system: string;
}

/** Who holds the identifiers that a batch names, and which records its keys name. */
export interface LookedUp {
  /** Identifier key → person, merges followed. */
  readonly holders: ReadonlyMap<string, PersonId>;
  /** By scoped key text: items of the store, read just now. */
  readonly read: ReadonlyMap<string, StoredItem>;
  /** By scoped key text: items of persons seen lately, who are what they were. */
  readonly known: ReadonlyMap<string, StoredItem>;
  /** Rows of the persons expected, locked. */
  readonly rows: readonly PersonRow[];
}

/**
 * Most messages are about people seen a moment ago. They are locked first of all, and where their row has the version of then, what they were
 * known by and what their records were filed under stands as it was: every write of either raises the version, and only the leader writes
 * them. The index is asked for the rest.
 */
export const lookUp = async (
  tx: Pick<ProcessTransaction, 'personsOf' | 'itemsByKey' | 'lock'>,
  parts: readonly OwnedPart[],
  cache: PersonCache,
): Promise<LookedUp> => {
  const { identifiers, keys } = namedIn(parts, cache);
  const expected = new Set<PersonId>();
  for (const { holder } of identifiers.values()) if (holder !== undefined) expected.add(holder);
  const unknown = [...identifiers.values()].filter(({ holder }) => holder === undefined).map(({ identifier }) => identifier);
  const elsewhere = [...keys.values()].filter(({ owner }) => owner === undefined).map(({ key }) => key);
  const [holders, read, rows] = await Promise.all([
    tx.personsOf(unknown),
    tx.itemsByKey(elsewhere),
    expected.size === 0 ? [] : tx.lock([...expected].sort((a, b) => a - b)),
  ]);

  const sure = new Map<PersonId, PersonState>();
  for (const row of rows) {
    const state = row.mergedInto === null ? cache.peek(row.id) : undefined;
    if (state?.version === row.version) sure.set(row.id, state);
  }
  const found: { holders: Map<string, PersonId>; read: Map<string, StoredItem>; known: Map<string, StoredItem> } = {
    holders: new Map(holders),
    read: new Map(read),
    known: new Map(),
  };
  const changed: { identifiers: PersonIdentifier[]; keys: ScopedKey[] } = { identifiers: [], keys: [] };
  for (const [key, { identifier, holder }] of identifiers) {
    if (holder === undefined) continue;
    if (sure.has(holder)) found.holders.set(key, holder);
    else changed.identifiers.push(identifier);
  }
  for (const [text, { key, owner }] of keys) {
    if (owner === undefined) continue;
    const state = sure.get(owner);
    const name = state?.keys.get(text);
    const item = name === undefined ? undefined : state?.items.get(name.id, name.kind);
    if (item === undefined) changed.keys.push(key);
    else found.known.set(text, item);
  }
  if (changed.identifiers.length > 0 || changed.keys.length > 0) {
    const [moreHolders, moreItems] = await Promise.all([tx.personsOf(changed.identifiers), tx.itemsByKey(changed.keys)]);
    for (const [key, person] of moreHolders) found.holders.set(key, person);
    for (const [key, item] of moreItems) found.read.set(key, item);
  }
  return { ...found, rows };
};

interface Named {
  /** By `identifierKey`, with the person who held it when last seen. */
  readonly identifiers: Map<string, { readonly identifier: PersonIdentifier; readonly holder: PersonId | undefined }>;
  /** By `scopedKeyText`, with the person it led to when last seen. */
  readonly keys: Map<string, { readonly key: ScopedKey; readonly owner: PersonId | undefined }>;
}

const namedIn = (parts: readonly OwnedPart[], cache: PersonCache): Named => {
  const named: Named = { identifiers: new Map(), keys: new Map() };
  for (const { part, system } of parts) {
    const { evidence, retired } = part;
    const persons = new Set<PersonId>();
    for (const identifier of [...evidence.identifiers, ...evidence.mergedAliases, ...(retired?.identifiers ?? [])]) {
      const key = identifierKey(identifier);
      const holder = cache.holder(key);
      named.identifiers.set(key, { identifier, holder });
      if (holder !== undefined) persons.add(holder);
    }
    for (const key of systemKeys(part, system)) {
      const text = scopedKeyText(key);
      if (named.keys.get(text)?.owner !== undefined) continue;
      named.keys.set(text, { key, owner: ownerOf(text, persons, cache) });
    }
  }
  return named;
};

const ownerOf = (key: string, persons: ReadonlySet<PersonId>, cache: PersonCache): PersonId | undefined => {
  for (const person of persons) if (cache.peek(person)?.keys.get(key) !== undefined) return person;
  return undefined;
};

/** Keys that count for a whole system: those of a part's records, and those its links name. */
const systemKeys = ({ part, custody }: PartWork, system: string): readonly ScopedKey[] => {
  const keys: ScopedKey[] = [];
  const addLinked = (record: MappedRecord): void => {
    if (LINKING_KINDS.has(record.kind)) keys.push(...linkedKeys(record, system));
    for (const child of record.children) addLinked(child);
  };
  const add = (record: MappedRecord): void => {
    addLinked(record);
    if (!isKindName(record.kind) || keyScope(record.kind, false) !== 'system') return;
    for (const key of record.keys) keys.push({ system, kind: record.kind, scope: 0, key });
  };
  for (const record of part.records) add(record);
  if (custody !== null) add(custody);
  return keys;
};
