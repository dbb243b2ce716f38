import { setImmediate as nextTurn } from 'node:timers/promises';
import type { FaultCode } from '../../records/faults.ts';
import type { DestinationId, ItemId, MessageId, Token, TransportKey } from '../../records/ids.ts';
import { brandAs } from '../../records/ids.ts';
import type { BatchWrite, FiledHead, ProcessStore, ProcessTransaction } from '../../records/process.ts';
import type { ContentStore } from '../content.ts';
import type { HotBytes } from '../hot-bytes.ts';
import { fileDeliveries } from '../lanes/file.ts';
import { mergeLanes, unmergeLanes } from '../lanes/merge.ts';
import { fenceLease } from '../lease.ts';
import type { Database, Transaction } from '../pool.ts';
import { retryTransaction } from '../retry.ts';
import type { Vault } from '../vault.ts';
import { IdBlocks } from './id-blocks.ts';
import { childrenOf, itemsByKey, itemsOf, type RecordStore, recordStore, writeItems, writeRecords } from './items.ts';
import { writeOutcomes } from './outcomes.ts';
import { identifiersOf, lockPersons, mergesInto, personsOf, writeMerges, writePersons } from './persons.ts';
import type { Systems } from './systems.ts';
import { readBytes, readDoneParts, readTodo } from './todo.ts';

interface Parts {
  readonly database: Database;
  readonly vault: Vault;
  readonly content: ContentStore;
  readonly systems: Systems;
  /** Messages this process has just received. */
  readonly received: HotBytes<MessageId>;
  /** Payloads this process has just filed. */
  readonly filed: HotBytes<string>;
  readonly daemon: number;
  /** How long the lease lasts after each batch, ms. */
  readonly leaseMs: number;
}

export const createProcessStore = (parts: Parts): ProcessStore => {
  const ids = new IdBlocks(parts.database);
  const records = recordStore(parts.vault, parts.systems);
  return {
    ids,
    reserve: (n) => ids.reserve(n),
    inBatch: (token, work) =>
      retryTransaction(parts.database, async (tx) => {
        // Sent with the first read and awaited with it: nothing is written before the fence has answered.
        const fence = fenceLease(tx, 'process', parts.daemon, token, parts.leaseMs);
        fence.catch(() => undefined);
        const result = await work(inside(tx, parts, records, fence));
        await fence;
        return result;
      }),
    holdAlone: (token, id, reason) => holdAlone(parts, token, id, reason),
    countTry: (token, ids) => countTry(parts, token, ids),
  };
};

const inside = (
  tx: Transaction,
  { vault, content, received, filed: hot }: Parts,
  records: RecordStore,
  fence: Promise<void>,
): ProcessTransaction => ({
  todo: async (low, limit) => (await Promise.all([readTodo(tx, vault, content, received, low, limit), fence]))[0],
  bytesOf: (message) => readBytes(content, message),
  doneParts: (ids) => readDoneParts(tx, ids),
  personsOf: (identifiers) => personsOf(tx, vault, identifiers),
  lock: (ids) => lockPersons(tx, ids),
  identifiersOf: (ids) => identifiersOf(tx, vault, ids),
  mergesInto: (ids) => mergesInto(tx, ids),
  itemsOf: (ids, kinds) => itemsOf(tx, records, ids, kinds),
  itemsByKey: (keys) => itemsByKey(tx, records, keys),
  childrenOf: (parents) => childrenOf(tx, records, parents),
  filed: (keys) => filed(tx, keys),
  handedOver: (items, destination) => handedOver(tx, items, destination),
  write: (batch) => write(tx, records, hot, batch),
});

const filed = async (tx: Transaction, keys: readonly TransportKey[]): Promise<ReadonlySet<TransportKey>> => {
  if (keys.length === 0) return new Set();
  const rows = await tx.query<{ transport_key: string }>(
    'select transport_key from delivery where transport_key = any($1) and state <> 3',
    [keys],
    'filed',
  );
  return new Set(rows.map((row) => brandAs<TransportKey>(row.transport_key)));
};

const handedOver = async (tx: Transaction, items: readonly ItemId[], destination: DestinationId): Promise<ReadonlySet<ItemId>> => {
  if (items.length === 0) return new Set();
  const rows = await tx.query<{ item_id: number }>(
    'select distinct item_id from delivery where item_id = any($1) and destination_id = $2 and state in (1, 2, 4)',
    [items, destination],
  );
  return new Set(rows.map((row) => brandAs<ItemId>(row.item_id)));
};

/** Records sealed and written at a stretch. */
const SEALED_AT_ONCE = 100;

/** Persons, items, merges, lanes and deliveries, outcomes: the lock order of the store, every statement sent without waiting for the one before. */
const write = async (tx: Transaction, records: RecordStore, hot: HotBytes<string>, batch: BatchWrite): Promise<readonly FiledHead[]> => {
  const { vault } = records;
  const waits: Promise<unknown>[] = [];
  // What fails while something else is awaited is told with the rest at the end; nobody else hears of it, and that must not end the process.
  const sent = (statements: readonly Promise<unknown>[]): void => {
    for (const statement of statements) statement.catch(() => {});
    waits.push(...statements);
  };
  sent([...writePersons(tx, vault, batch.persons), ...writeItems(tx, records, batch.items)]);
  // Sealing a large batch takes tens of milliseconds: the rest of the process has its turn in between, acknowledgements above all.
  for (let at = 0; at < batch.items.length; at += SEALED_AT_ONCE) {
    if (at > 0) await nextTurn();
    sent(writeRecords(tx, records, batch.items.slice(at, at + SEALED_AT_ONCE)));
  }
  sent(writeMerges(tx, batch.merges));
  const heads: FiledHead[] = [];
  // Merges read what was written before them; everything else goes out at once.
  for (const merge of batch.merges)
    heads.push(...(await (merge.undo ? unmergeLanes(tx, merge.from, merge.root) : mergeLanes(tx, merge.from, merge.into))));
  const filing = fileDeliveries(tx, vault, batch.filings, hot);
  sent([filing]);
  if (batch.items.length > SEALED_AT_ONCE) await nextTurn();
  sent(writeOutcomes(tx, vault, batch.messages));
  // The fence has answered with the first read, and writing is a batch's last act.
  tx.commit();
  const [filed] = await Promise.all([filing, ...waits]);
  heads.push(...filed);
  return heads;
};

const holdAlone = (parts: Parts, token: Token, id: MessageId, reason: FaultCode): Promise<void> =>
  parts.database.inTransaction(async (tx) => {
    await fenceLease(tx, 'process', parts.daemon, token, parts.leaseMs);
    const left = await tx.query<{ source_id: number }>('delete from message_todo where message_id = $1 returning source_id', [id]);
    if (left.length === 0) return;
    await tx.query(
      `insert into message_outcome (message_id, source_id, day, outcome, reason) select id, source_id, (received at time zone 'UTC')::date, 2, $2 from message where id = $1`,
      [id, reason],
    );
    await tx.query(
      'insert into hold (reason, message_id, part) values ($2, $1, 1) on conflict (message_id, part, reason) where done is null and delivery_id is null do nothing',
      [id, reason],
    );
    await tx.query(
      `insert into message_part (message_id, part, outcome, reason) values ($1, 1, 2, $2)
       on conflict (message_id, part) do update set outcome = 2, reason = excluded.reason`,
      [id, reason],
    );
  });

const countTry = (parts: Parts, token: Token, ids: readonly MessageId[]): Promise<number> =>
  parts.database.inTransaction(async (tx) => {
    await fenceLease(tx, 'process', parts.daemon, token, parts.leaseMs);
    const rows = await tx.query<{ tries: number }>('update message_todo set tries = tries + 1 where message_id = any($1) returning tries', [
      ids,
    ]);
    return Math.max(0, ...rows.map((row) => row.tries));
  });
