import type { PersonId, RecordId } from '../records/ids.ts';
import { isKindName, KIND_NAMES, KINDS, type KindName, keyScope } from '../records/kinds/index.ts';
import type { Json, MappedRecord, Patch } from '../records/mapped.ts';
import { type ScopedKey, type StoredItem, scopedKeyText } from '../records/process.ts';
import type { CanonicalRecord } from '../records/record.ts';
import { isObject } from './fields.ts';

/** What `link(kind.key)` makes of a value: a record of the same system by one of its keys. Open until that record is known. */
interface OpenLink {
  readonly kind: KindName;
  readonly key: string;
  readonly values: readonly string[];
}

/** Kinds with a field that may refer to another record. */
export const LINKING_KINDS: ReadonlySet<string> = new Set(
  KIND_NAMES.filter((kind) => Object.values(KINDS[kind].properties).some((schema) => schema['x-type'] === 'Reference')),
);

const openLink = (value: Json): OpenLink | undefined => {
  if (!isObject(value)) return undefined;
  const { kind, key, values } = value;
  if (typeof kind !== 'string' || !isKindName(kind) || typeof key !== 'string' || !Array.isArray(values)) return undefined;
  return { kind, key, values: values.filter((one): one is string => typeof one === 'string') };
};

const scoped = (system: string, { kind, key, values }: OpenLink, person: PersonId): ScopedKey => ({
  system,
  kind,
  scope: keyScope(kind, false) === 'patient' ? person : 0,
  key: { name: key, values },
});

/** The keys a record's links name, as far as they count for a whole system: what must be looked up beside its own. */
export const linkedKeys = (mapped: Pick<MappedRecord, 'fields'>, system: string): readonly ScopedKey[] =>
  Object.values(mapped.fields).flatMap((stated) => {
    const link = stated.state === 'value' ? openLink(stated.value) : undefined;
    return link === undefined || keyScope(link.kind, false) === 'patient' ? [] : [scoped(system, link, 0 as PersonId)];
  });

/** Where linked records are looked up: items by scoped key, and the person with all merged into them. */
export interface LinkPlace {
  readonly system: string;
  readonly found: { get(key: string): StoredItem | undefined };
  readonly persons: ReadonlySet<PersonId>;
}

/** The reference a link becomes; nothing while the record is not known, or where it is another patient's. */
const target = (link: OpenLink, { system, found, persons }: LinkPlace): { readonly kind: KindName; readonly id: RecordId } | undefined => {
  for (const person of persons) {
    const item = found.get(scopedKeyText(scoped(system, link, person)));
    if (item !== undefined && persons.has(item.personId)) return { kind: link.kind, id: item.uuid };
  }
  return undefined;
};

/** A record with its links to known records resolved to `{kind, id}` (kinds.md, Reference). The others stay open. */
export const withLinks = (mapped: MappedRecord, place: LinkPlace): MappedRecord => {
  let fields: Record<string, Patch[string]> | undefined;
  for (const [name, stated] of Object.entries(mapped.fields)) {
    const link = stated.state === 'value' ? openLink(stated.value) : undefined;
    const reference = link === undefined ? undefined : target(link, place);
    if (reference === undefined) continue;
    fields ??= { ...mapped.fields };
    fields[name] = { state: 'value', value: { ...reference } };
  }
  return fields === undefined ? mapped : { ...mapped, fields };
};

/** A stored record whose open links can be filled by now, or nothing where none can. */
export const withFilledLinks = (record: CanonicalRecord, place: LinkPlace): CanonicalRecord | undefined => {
  let fields: Record<string, Json> | undefined;
  for (const [name, value] of Object.entries(record.fields)) {
    const link = openLink(value);
    const reference = link === undefined ? undefined : target(link, place);
    if (reference === undefined) continue;
    fields ??= { ...record.fields };
    fields[name] = { ...reference };
  }
  return fields === undefined ? undefined : { ...record, fields };
};
