import type { FaultCode } from '../records/faults.ts';
import type { PersonId, RecordId } from '../records/ids.ts';
import { isKindName, keyScope } from '../records/kinds/index.ts';
import type { MappedRecord, RecordKey } from '../records/mapped.ts';
import { type ScopedKey, type StoredItem, scopedKeyText } from '../records/process.ts';

/** Makes a record id of the parts of a name: the same parts always give the same id (UUIDv8 under the identity key). */
export type NameId = (parts: readonly string[]) => RecordId;

/** Where the keys of a record count. `parent` is the item of the parent record; null for a record that stands alone. */
export interface KeyPlace {
  readonly system: string;
  readonly personId: PersonId;
  readonly parent: { readonly id: number; readonly uuid: RecordId } | null;
}

const scopeOf = (kind: string, place: KeyPlace): 'patient' | 'parent' | 'system' =>
  isKindName(kind) ? keyScope(kind, place.parent !== null) : place.parent === null ? 'system' : 'parent';

/** The keys of a record as the store looks them up. */
export const scopedKeys = (mapped: Pick<MappedRecord, 'kind' | 'keys'>, place: KeyPlace): readonly ScopedKey[] => {
  const scope = scopeNumber(scopeOf(mapped.kind, place), place);
  return mapped.keys.map((key) => ({ system: place.system, kind: mapped.kind, scope, key }));
};

const scopeNumber = (scope: ReturnType<typeof scopeOf>, place: KeyPlace): number =>
  scope === 'patient' ? place.personId : scope === 'parent' ? (place.parent?.id ?? 0) : 0;

const byName = (a: RecordKey, b: RecordKey): number => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0);

/** Id of a record made now: from its first stated key in alphabetical order of key names. Fixed from then on. */
export const newRecordId = (mapped: Pick<MappedRecord, 'kind' | 'keys'>, place: KeyPlace, nameId: NameId): RecordId | undefined => {
  const [first] = [...mapped.keys].sort(byName);
  if (first === undefined) return undefined;
  const scope = scopeOf(mapped.kind, place);
  const within = scope === 'patient' ? String(place.personId) : scope === 'parent' ? (place.parent?.uuid ?? '') : '';
  return nameId(['record', mapped.kind, place.system, scope, within, first.name, ...first.values]);
};

export type Resolved =
  | { readonly outcome: 'one'; readonly item: StoredItem }
  | { readonly outcome: 'none' }
  | { readonly outcome: 'hold'; readonly reason: FaultCode };

/**
 * Which item the keys of a record name. Any one key finds it; two that find different items, or an item of another person, are held:
 * nothing is overwritten. `persons`: this person and all merged with them. `found` goes by `scopedKeyText`; per-patient keys are looked
 * up for each of these persons.
 */
export const resolveItem = (
  mapped: Pick<MappedRecord, 'kind' | 'keys'>,
  place: KeyPlace,
  found: { get(key: string): StoredItem | undefined },
  persons: ReadonlySet<PersonId> = new Set([place.personId]),
): Resolved => {
  const items: StoredItem[] = [];
  const look = (scope: number): void => {
    for (const key of mapped.keys) {
      const item = found.get(scopedKeyText({ system: place.system, kind: mapped.kind, scope, key }));
      if (item !== undefined && !items.some(({ id }) => id === item.id)) items.push(item);
    }
  };
  const within = scopeOf(mapped.kind, place);
  if (within === 'patient') for (const personId of persons) look(personId);
  else look(scopeNumber(within, place));
  const [item, second] = within === 'patient' ? preferOwn(items, place.personId) : items;
  if (second !== undefined) return { outcome: 'hold', reason: 'key-conflict' };
  if (item === undefined) return { outcome: 'none' };
  return persons.has(item.personId) ? { outcome: 'one', item } : { outcome: 'hold', reason: 'key-conflict' };
};

/** After a merge one per-patient key may name an item of each person: the own item is meant, both are kept. */
const preferOwn = (items: readonly StoredItem[], personId: PersonId): readonly StoredItem[] => {
  if (items.length < 2) return items;
  const own = items.filter((item) => item.personId === personId);
  return own.length > 0 ? own : items.length > 1 ? newestFirst(items).slice(0, 1) : items;
};

const timeOf = (item: StoredItem): number => Date.parse(item.record?.asOf ?? item.record?.receivedAt ?? '') || 0;
const newestFirst = (items: readonly StoredItem[]): StoredItem[] => [...items].sort((a, b) => timeOf(b) - timeOf(a) || b.id - a.id);

/**
 * What is read of several merged persons: where per-patient keys meet, the item stated last stands and the other is hidden (kept, and back
 * after an unmerge). `hidden` is to be reported. A withdrawn item says nothing of the other person's: it hides none (ruling C29).
 */
export const withoutMetKeys = (
  items: readonly StoredItem[],
): { readonly kept: readonly StoredItem[]; readonly hidden: readonly StoredItem[] } => {
  const taken = new Map<string, PersonId>();
  const hidden = new Set<number>();
  for (const item of newestFirst(items)) {
    if (item.record === null || item.state === 'cancelled' || item.state === 'error') continue;
    if (item.parentId !== null || !isKindName(item.kind) || keyScope(item.kind, false) !== 'patient') continue;
    const texts = item.record.keys.map((key) => scopedKeyText({ system: item.system, kind: item.kind, scope: 0, key }));
    if (texts.some((text) => (taken.get(text) ?? item.personId) !== item.personId)) hidden.add(item.id);
    else for (const text of texts) taken.set(text, item.personId);
  }
  return { kept: items.filter((item) => !hidden.has(item.id)), hidden: items.filter((item) => hidden.has(item.id)) };
};
