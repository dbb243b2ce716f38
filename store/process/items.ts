import type { ItemId, PersonId, RecordId } from '../../records/ids.ts';
import { brandAs } from '../../records/ids.ts';
import type { RecordKey } from '../../records/mapped.ts';
import { type ItemWrite, type ScopedKey, type StoredItem, scopedKeyText } from '../../records/process.ts';
import type { CanonicalRecord } from '../../records/record.ts';
import { byteas, int2s, int4s, int8s, texts, uuids } from '../arrays.ts';
import type { Transaction } from '../pool.ts';
import type { Vault } from '../vault.ts';
import { kindCode, kindWord, recordStateCode, recordStateWord } from './codes.ts';
import { type RecordBody, RecordCache } from './record-cache.ts';
import type { Systems } from './systems.ts';

/** What reading and writing records needs. */
export interface RecordStore {
  readonly vault: Vault;
  readonly systems: Systems;
  readonly cache: RecordCache;
}

export const recordStore = (vault: Vault, systems: Systems): RecordStore => ({ vault, systems, cache: new RecordCache() });

interface ItemRow {
  id: number;
  uuid: string;
  person_id: number;
  kind: number;
  system_id: number;
  state: number;
  parent_id: number | null;
  current_record: number | null;
  key_id: number | null;
  body: Buffer | null;
}
const ITEM = 'i.id, i.uuid, i.person_id, i.kind, i.system_id, i.state, i.parent_id, i.current_record, r.key_id, r.body';

const toItem = (row: ItemRow, store: RecordStore): StoredItem => ({
  id: brandAs<ItemId>(row.id),
  uuid: brandAs<RecordId>(row.uuid),
  personId: brandAs<PersonId>(row.person_id),
  kind: kindWord(row.kind),
  system: store.systems.name(row.system_id),
  state: recordStateWord(row.state),
  parentId: row.parent_id === null ? null : brandAs<ItemId>(row.parent_id),
  recordId: row.current_record,
  ...bodyOf(row, store),
});

const NOTHING: RecordBody = { keys: [], record: null };

const bodyOf = ({ id: row, current_record: id, key_id: keyId, body, uuid }: ItemRow, { vault, cache }: RecordStore): RecordBody => {
  if (id === null || body === null || keyId === null) return NOTHING;
  const item = brandAs<ItemId>(row);
  const known = cache.get(item, id);
  if (known !== undefined) return known;
  const opened = readBody(vault.unseal(keyId, body, uuid));
  cache.put(item, id, opened);
  return opened;
};

/** The version of a withdrawal that came before its original: its keys, and nothing to show. */
interface Tombstone {
  readonly tombstone: true;
  readonly keys: readonly RecordKey[];
}

const readBody = (plain: Buffer): RecordBody => {
  // What was sealed here is what was written here: the seal's authentication stands for the check of its shape.
  const body = JSON.parse(plain.toString('utf8')) as CanonicalRecord | Tombstone;
  return { keys: body.keys, record: 'tombstone' in body ? null : body };
};

export const itemsOf = async (
  tx: Transaction,
  store: RecordStore,
  persons: readonly PersonId[],
  kinds: readonly string[],
): Promise<StoredItem[]> => {
  if (persons.length === 0 || kinds.length === 0) return [];
  const rows = await tx.query<ItemRow>(
    `select ${ITEM} from record_item i left join record r on r.id = i.current_record where i.person_id = any($1) and i.kind = any($2::int2[]) order by i.id`,
    [persons, int2s(kinds.map(kindCode))],
    'items-of',
  );
  return rows.map((row) => toItem(row, store));
};

export const childrenOf = async (tx: Transaction, store: RecordStore, parents: readonly ItemId[]): Promise<StoredItem[]> => {
  if (parents.length === 0) return [];
  const rows = await tx.query<ItemRow>(
    `select ${ITEM} from record_item i left join record r on r.id = i.current_record where i.parent_id = any($1) order by i.id`,
    [parents],
    'children-of',
  );
  return rows.map((row) => toItem(row, store));
};

export const itemById = async (tx: Transaction, store: RecordStore, id: ItemId): Promise<StoredItem | null> => {
  const rows = await tx.query<ItemRow>(
    `select ${ITEM} from record_item i left join record r on r.id = i.current_record where i.id = $1`,
    [id],
    'item-by-id',
  );
  return rows[0] === undefined ? null : toItem(rows[0], store);
};

const valueHash = (vault: Vault, k: ScopedKey): Buffer => vault.searchHash('record-key', JSON.stringify(k.key.values));

/** Scoped key (as text) → the item it names. */
export const itemsByKey = async (tx: Transaction, store: RecordStore, keys: readonly ScopedKey[]): Promise<Map<string, StoredItem>> => {
  const found = new Map<string, StoredItem>();
  if (keys.length === 0) return found;
  const rows = await tx.query<ItemRow & { ord: number }>(
    `select w.ord, ${ITEM}
     from unnest($1::int4[], $2::int2[], $3::int8[], $4::text[], $5::bytea[]) with ordinality w(system_id, kind, scope, name, value_hash, ord)
     join record_key k on k.system_id = w.system_id and k.kind = w.kind and k.scope = w.scope and k.name = w.name and k.value_hash = w.value_hash
     join record_item i on i.id = k.item_id
     left join record r on r.id = i.current_record`,
    [
      int4s(keys.map((k) => store.systems.id(k.system))),
      int2s(keys.map((k) => kindCode(k.kind))),
      int8s(keys.map((k) => k.scope)),
      texts(keys.map((k) => k.key.name)),
      byteas(keys.map((k) => valueHash(store.vault, k))),
    ],
    'items-by-key',
  );
  for (const row of rows) {
    const key = keys[row.ord - 1];
    if (key !== undefined) found.set(scopedKeyText(key), toItem(row, store));
  }
  return found;
};

const bytesOfHex = (hex: string): Buffer => Buffer.from(hex, 'hex');

/** Several versions of one item may be written in one batch; the last one is the item's present version. */
export const writeItems = (tx: Transaction, store: RecordStore, items: readonly ItemWrite[]): Promise<unknown>[] => {
  if (items.length === 0) return [];
  const waits: Promise<unknown>[] = [];
  const last = new Map<ItemId, ItemWrite>();
  const created = new Set<ItemId>();
  for (const item of items) {
    last.set(item.id, item);
    if (item.isNew) created.add(item.id);
  }
  const fresh = [...last.values()].filter((item) => created.has(item.id));
  const known = [...last.values()].filter((item) => !created.has(item.id)).sort((a, b) => a.id - b.id);
  if (fresh.length > 0) {
    waits.push(
      tx.query(
        `insert into record_item (id, uuid, person_id, kind, system_id, state, parent_id, current_record) overriding system value
       select * from unnest($1::int8[], $2::uuid[], $3::int8[], $4::int2[], $5::int4[], $6::int2[], $7::int8[], $8::int8[])`,
        [
          int8s(fresh.map((i) => i.id)),
          uuids(fresh.map((i) => i.uuid)),
          int8s(fresh.map((i) => i.personId)),
          int2s(fresh.map((i) => kindCode(i.kind))),
          int4s(fresh.map((i) => store.systems.id(i.system))),
          int2s(fresh.map((i) => recordStateCode(i.state))),
          int8s(fresh.map((i) => i.parentId)),
          int8s(fresh.map((i) => i.recordId)),
        ],
        'insert-items',
      ),
    );
  }
  if (known.length > 0) {
    waits.push(
      tx.query(
        `update record_item i set state = w.state, current_record = w.current_record
       from unnest($1::int8[], $2::int2[], $3::int8[]) w(id, state, current_record) where i.id = w.id`,
        [int8s(known.map((i) => i.id)), int2s(known.map((i) => recordStateCode(i.state))), int8s(known.map((i) => i.recordId))],
        'update-items',
      ),
    );
  }
  const keys = items.flatMap((item) => item.newKeys.map((key) => ({ item: item.id, key })));
  if (keys.length > 0) {
    waits.push(
      tx.query(
        `insert into record_key (system_id, kind, scope, name, value_hash, item_id)
       select * from unnest($1::int4[], $2::int2[], $3::int8[], $4::text[], $5::bytea[], $6::int8[])`,
        [
          int4s(keys.map((k) => store.systems.id(k.key.system))),
          int2s(keys.map((k) => kindCode(k.key.kind))),
          int8s(keys.map((k) => k.key.scope)),
          texts(keys.map((k) => k.key.key.name)),
          byteas(keys.map((k) => valueHash(store.vault, k.key))),
          int8s(keys.map((k) => k.item)),
        ],
        'insert-keys',
      ),
    );
  }
  return waits;
};

/** The versions themselves; their items must have been written before. */
export const writeRecords = (tx: Transaction, { vault, cache }: RecordStore, items: readonly ItemWrite[]): Promise<unknown>[] => {
  const bodies = items.map((item) => {
    const body: CanonicalRecord | Tombstone = item.record ?? { tombstone: true, keys: item.keys };
    cache.put(item.id, item.recordId, { keys: body.keys, record: item.record });
    return vault.seal(Buffer.from(JSON.stringify(body), 'utf8'), item.uuid);
  });
  return [
    tx.query(
      `insert into record (id, item_id, message_id, part, person_id, kind, mapping_version, directory_version, key_id, body) overriding system value
     select * from unnest($1::int8[], $2::int8[], $3::int8[], $4::int2[], $5::int8[], $6::int2[], $7::bytea[], $8::bytea[], $9::int2[], $10::bytea[])`,
      [
        int8s(items.map((i) => i.recordId)),
        int8s(items.map((i) => i.id)),
        int8s(items.map((i) => i.messageId)),
        int2s(items.map((i) => i.part)),
        int8s(items.map((i) => i.personId)),
        int2s(items.map((i) => kindCode(i.kind))),
        byteas(items.map((i) => bytesOfHex(i.mappingVersion))),
        byteas(items.map((i) => bytesOfHex(i.directoryVersion))),
        int2s(bodies.map((b) => b.keyId)),
        byteas(bodies.map((b) => b.bytes)),
      ],
      'insert-records',
    ),
  ];
};
