import { byteas, int2s, int4s, int8s, texts } from '../arrays.ts';
import { type Database, RetryTransaction, type Transaction } from '../pool.ts';
import { retryTransaction } from '../retry.ts';
import { lockFences, requireFences } from './fences.ts';
import { type IntakeRow, isKeyed, keyOf, rowColumns, rowKey, type Settled, unnestRows } from './rows.ts';
import { decideVariants, type KnownKey, type Variant } from './variants.ts';

type KeyedRow = IntakeRow & { readonly controlId: string };
interface KeyRow {
  readonly source_id: number;
  readonly sender: string;
  readonly control_id: string;
}

const REMEMBERED = 'select ids, outcomes, of from intake where daemon_id = $1 and flush = $2';
const DRAW = "select nextval('message_id') as id from generate_series(1, $1::int)";
const WANTED = 'unnest($1::int4[], $2::text[], $3::text[]) as w(source_id, sender, control_id)';

const MAKE_KEYS = `
insert into message_key (source_id, sender, control_id, digest, message_id)
select * from unnest($1::int4[], $2::text[], $3::text[], $4::bytea[], $5::int8[]) as w(source_id, sender, control_id, digest, message_id)
order by source_id, sender, control_id
on conflict do nothing returning source_id, sender, control_id`;

/** Variant 0 stands for the key: whoever holds its lock decides about all variants. */
const LOCK_KEYS = `
select 1 from message_key k join ${WANTED} using (source_id, sender, control_id)
where k.variant = 0 order by k.source_id, k.sender, k.control_id for update of k`;

/** A statement of its own, after the lock: its snapshot sees what the one before us committed. */
const READ_KEYS = `
select k.source_id, k.sender, k.control_id, k.variant, k.digest, k.message_id,
       (extract(epoch from clock_timestamp() - k.received) * 1000)::float8 as age
from message_key k join ${WANTED} using (source_id, sender, control_id) order by k.source_id, k.sender, k.control_id, k.variant`;

const CUT_KEYS = `delete from message_key k using ${WANTED}
where k.source_id = w.source_id and k.sender = w.sender and k.control_id = w.control_id and k.variant > 0`;

const VARIANTS =
  'unnest($1::int4[], $2::text[], $3::text[], $4::int2[], $5::bytea[], $6::int8[]) as w(source_id, sender, control_id, variant, digest, message_id)';
const UPDATE_VARIANTS = `update message_key k set digest = w.digest, message_id = w.message_id, received = now() from ${VARIANTS}
where k.source_id = w.source_id and k.sender = w.sender and k.control_id = w.control_id and k.variant = w.variant`;
const INSERT_VARIANTS = `insert into message_key (source_id, sender, control_id, variant, digest, message_id) select * from ${VARIANTS}`;

/** A duplicate keeps no body; everything else does. Outcomes, todo, holds and parts follow from the same rows. */
const WRITE = `
with b as materialized (
  select * from ${unnestRows(1, [
    { name: 'id', type: 'int8' },
    { name: 'settled', type: 'int2' },
    { name: 'duplicate_of', type: 'int8' },
  ])}
), m as (
  insert into message (id, source_id, control_id, sender, type, digest, size, key_id, body, content_id, meta, answer, duplicate_of)
  select id, source_id, control_id, sender, type, digest, size, key_id,
         case when settled <> 5 then body end, case when settled <> 5 then content_id end, meta, answer, duplicate_of
  from b order by id
), c as (
  select *, case when settled = 2 and outcome <> 2 then 'control-id-reused' when settled not in (1, 5) then reason end as why from b
), o as (
  insert into message_outcome (message_id, source_id, day, outcome, reason, rule)
  select id, source_id, (now() at time zone 'UTC')::date, settled, why, case when settled = 1 then reason end from c where settled <> 0
), h as (
  insert into hold (reason, message_id, part) select why, id, 1 from c where settled = 2
), p as (
  insert into message_part (message_id, part, outcome, reason, rule)
  select id, 1, settled, why, case when settled = 1 then reason end from c where settled in (1, 2)
)
insert into message_todo (message_id, source_id) select id, source_id from b where settled = 0`;

const REMEMBER = 'insert into intake (daemon_id, flush, ids, outcomes, of) values ($1, $2, $3::int8[], $4::int2[], $5::int8[])';

// Statements that join message_key are not prepared: a plan made while that table was small would stay with the session.

/**
 * The careful way, for a flush that met a known key, or whose commit went unanswered: one transaction that first looks
 * whether this very flush is in the journal already, then makes, locks and reads keys, decides, and writes.
 */
export const flushCarefully = (
  database: Database,
  daemon: number,
  flush: number,
  rows: readonly IntakeRow[],
  timeout: number,
): Promise<Settled[]> => retryTransaction(database, (tx) => settle(tx, daemon, flush, rows), { timeout });

const settle = async (tx: Transaction, daemon: number, flush: number, rows: readonly IntakeRow[]): Promise<Settled[]> => {
  const [fences, remembered, drawn] = await Promise.all([
    lockFences(tx, rows),
    tx.query<{ ids: number[]; outcomes: number[] | null; of: (number | null)[] | null }>(REMEMBERED, [daemon, flush], 'intake-remembered'),
    tx.query<{ id: number }>(DRAW, [rows.length], 'intake-draw'),
  ]);
  const before = remembered[0];
  if (before !== undefined)
    return before.ids.map((id, ordinal) => ({
      id,
      outcome: before.outcomes?.[ordinal] ?? rows[ordinal]?.outcome ?? 0,
      of: before.of?.[ordinal] ?? null,
    }));
  requireFences(fences);
  const ids = drawn.map((row) => row.id);
  const keys = await settleKeys(tx, rows, ids);
  const settled = decideVariants(rows, ids, keys);
  await Promise.all([...writeKeys(tx, [...keys.values()]), write(tx, rows, settled), remember(tx, daemon, flush, settled)]);
  return settled;
};

/** Every key of the batch: made by its first row, or found, locked and read. */
const settleKeys = async (tx: Transaction, rows: readonly IntakeRow[], ids: readonly number[]): Promise<Map<string, KnownKey>> => {
  const first = new Map<string, { readonly row: KeyedRow; readonly id: number }>();
  rows.forEach((row, ordinal) => {
    const id = ids[ordinal];
    if (isKeyed(row) && id !== undefined && !first.has(rowKey(row))) first.set(rowKey(row), { row, id });
  });
  const keys = new Map<string, KnownKey>();
  if (first.size === 0) return keys;
  const wanted = [...first.values()];
  const made = await tx.query<KeyRow>(MAKE_KEYS, [
    ...keyColumns(wanted.map((w) => w.row)),
    byteas(wanted.map((w) => w.row.arrival.digest)),
    int8s(wanted.map((w) => w.id)),
  ]);
  for (const row of made) {
    const key = keyOf({ sourceId: row.source_id, sender: row.sender, controlId: row.control_id });
    const maker = first.get(key);
    if (maker === undefined) continue;
    keys.set(key, known(maker.row, [{ variant: 0, digest: maker.row.arrival.digest, messageId: maker.id, age: 0, change: 'none' }]));
  }
  const met = wanted.filter((w) => !keys.has(rowKey(w.row)));
  if (met.length > 0)
    await readKeys(
      tx,
      met.map((w) => w.row),
      keys,
    );
  return keys;
};

const known = (row: KeyedRow, variants: Variant[]): KnownKey => ({
  sourceId: row.arrival.sourceId,
  sender: row.sender,
  controlId: row.controlId,
  variants,
  cut: false,
});

const readKeys = async (tx: Transaction, rows: readonly KeyedRow[], keys: Map<string, KnownKey>): Promise<void> => {
  const columns = keyColumns(rows);
  const [, found] = await Promise.all([
    tx.query(LOCK_KEYS, columns),
    tx.query<KeyRow & { variant: number; digest: Buffer; message_id: number; age: number }>(READ_KEYS, columns),
  ]);
  for (const row of rows) keys.set(rowKey(row), known(row, []));
  for (const row of found) {
    const key = keys.get(keyOf({ sourceId: row.source_id, sender: row.sender, controlId: row.control_id }));
    key?.variants.push({ variant: row.variant, digest: row.digest, messageId: row.message_id, age: row.age, change: 'none' });
  }
  // Retention removed the key between the two statements.
  if (rows.some((row) => keys.get(rowKey(row))?.variants.length === 0)) throw new RetryTransaction('key gone');
};

const keyColumns = (rows: readonly KeyedRow[]): Buffer[] => [
  int4s(rows.map((r) => r.arrival.sourceId)),
  texts(rows.map((r) => r.sender)),
  texts(rows.map((r) => r.controlId)),
];

const writeKeys = (tx: Transaction, keys: readonly KnownKey[]): Promise<unknown>[] => {
  const waits: Promise<unknown>[] = [];
  const columns = (list: readonly KnownKey[]): Buffer[] => [
    int4s(list.map((k) => k.sourceId)),
    texts(list.map((k) => k.sender)),
    texts(list.map((k) => k.controlId)),
  ];
  const cut = keys.filter((k) => k.cut);
  if (cut.length > 0) waits.push(tx.query(CUT_KEYS, columns(cut)));
  for (const [change, text] of [
    ['update', UPDATE_VARIANTS],
    ['insert', INSERT_VARIANTS],
  ] as const) {
    const changed = keys.flatMap((key) => key.variants.filter((v) => v.change === change).map((v) => ({ key, v })));
    if (changed.length === 0) continue;
    const values = [
      int2s(changed.map((c) => c.v.variant)),
      byteas(changed.map((c) => c.v.digest)),
      int8s(changed.map((c) => c.v.messageId)),
    ];
    waits.push(tx.query(text, [...columns(changed.map((c) => c.key)), ...values]));
  }
  return waits;
};

const write = (tx: Transaction, rows: readonly IntakeRow[], settled: readonly Settled[]): Promise<unknown> =>
  tx.query(
    WRITE,
    [...rowColumns(rows), int8s(settled.map((s) => s.id)), int2s(settled.map((s) => s.outcome)), int8s(settled.map((s) => s.of))],
    'intake-write',
  );

const remember = (tx: Transaction, daemon: number, flush: number, settled: readonly Settled[]): Promise<unknown> =>
  tx.query(
    REMEMBER,
    [daemon, flush, int8s(settled.map((s) => s.id)), int2s(settled.map((s) => s.outcome)), int8s(settled.map((s) => s.of))],
    'intake-remember',
  );
