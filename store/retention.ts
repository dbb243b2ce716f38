import { silent, type Telemetry } from '../records/telemetry.ts';
import { releaseLease, takeLease } from './lease.ts';
import { FAMILIES, WIDTH } from './partitions.ts';
import type { Database } from './pool.ts';

export interface Retention {
  readonly daemon: number;
  /** Milliseconds something is kept at least. */
  readonly keepMs: number;
  readonly telemetry?: Telemetry;
}

interface Span {
  readonly n: number;
  readonly from: number;
  /** Exclusive. */
  readonly to: number;
}

/** Rows of other tables go in lots, each in a transaction of its own, so that nobody waits for them. */
const LOT = 5_000;
const LEASE_MS = 30 * 60_000;
const SLOW = { timeout: 600_000 } as const;

/**
 * What somebody may still need of messages from $1 to $2: unprocessed, held, unsent, unanswered, of unknown outcome, received since $3, or
 * handed over since: what is passed on as it is, is the message's own body, and may have to be sent again.
 * Looks into small tables first.
 */
const MESSAGES_OPEN = `
select exists (select 1 from message_todo where message_id >= $1 and message_id < $2)
  or exists (select 1 from hold where done is null and message_id >= $1 and message_id < $2)
  or exists (select 1 from delivery where state = 0 and message_id >= $1 and message_id < $2)
  or exists (select 1 from lane l join delivery d on d.id = l.head where d.message_id >= $1 and d.message_id < $2)
  or exists (select 1 from delivery where message_id >= $1 and message_id < $2 and coalesce(confirmed, done, filed) >= $3)
  or exists (select 1 from reply where message_id >= $1 and message_id < $2 and sent_at is null and not given_up)
  or exists (select 1 from (select received from message where id >= $1 and id < $2 order by id desc limit 1) newest where received >= $3)
  or exists (select 1 from message where id >= $1 and id < $2 and received >= $3)
  or exists (select 1 from message m where m.id >= $1 and m.id < $2 and not exists (select 1 from message_outcome o where o.message_id = m.id)) as open`;

/** As MESSAGES_OPEN, of deliveries; one of a message that is held in another part tells that part what has left already. */
const DELIVERIES_OPEN = `
select exists (select 1 from lane where head >= $1 and head < $2)
  or exists (select 1 from delivery where state = 0 and id >= $1 and id < $2)
  or exists (select 1 from hold h where h.done is null and h.delivery_id >= $1 and h.delivery_id < $2)
  or exists (select 1 from hold h join delivery d on d.message_id = h.message_id where h.done is null and d.id >= $1 and d.id < $2)
  or exists (select 1 from delivery where id >= $1 and id < $2 and coalesce(confirmed, done, filed) >= $3) as open`;

/** A key goes with its newest content; while that is kept, its others are what resends are compared with. */
const DELETE_KEYS = `
delete from message_key k using message m
where m.id >= $1 and m.id < $2 and k.source_id = m.source_id and k.sender = m.sender and k.control_id = m.control_id and k.received < $4
  and not exists (select 1 from message_key o where o.source_id = k.source_id and o.sender = k.sender and o.control_id = k.control_id
    and (o.message_id >= $3 or o.received >= $4))`;

/** Bodies no later message has; none that was in use a moment ago, for a message that has it may not be committed yet. */
const DELETE_BODIES = `
with gone as (
  delete from content c using (select distinct content_id from message where id >= $1 and id < $2 and content_id is not null) m
  where c.id = m.content_id and not c.lasting and c.created < now() - interval '1 day'
    and not exists (select 1 from message o where o.content_id = c.id and (o.id < $3 or o.id >= $4))
  returning c.id)
delete from content_chunk using gone where content_id = gone.id`;

/**
 * Removes partitions that hold nothing younger than the time things are kept, and nothing open; one with something open is kept whole.
 * Records, persons and the audit stay. One daemon at a time; what is cut off in the middle is finished the next time.
 */
export const removeOld = async (database: Database, { daemon, keepMs, telemetry = silent }: Retention): Promise<void> => {
  const token = await takeLease(database, 'maintain', daemon, LEASE_MS);
  if (token === null) return;
  try {
    const [clock] = await database.query<{ before: Date }>("select now() - $1::float8 * interval '1 ms' as before", [keepMs]);
    if (clock === undefined) return;
    const [messages, deliveries] = FAMILIES;
    for (const { tables, sequence, open, clear } of [
      { ...messages, open: MESSAGES_OPEN, clear: clearMessages },
      { ...deliveries, open: DELIVERIES_OPEN, clear: clearDeliveries },
    ]) {
      await dropRests(database, tables);
      for (const span of await closedSpans(database, tables[0], sequence)) {
        const [found] = await database.query<{ open: boolean }>(open, [span.from, span.to, clock.before], SLOW);
        if (found?.open !== false) continue;
        await clear(database, span, clock.before);
        // The leading table goes first: without its row nothing else is looked at.
        for (const table of tables) await dropPartition(database, table, span.n);
        telemetry.event('partition-removed', { table: tables[0], number: span.n });
      }
    }
  } finally {
    await releaseLease(database, 'maintain', daemon, token);
  }
};

/** Partitions, oldest first, into which no id will be drawn any more. */
const closedSpans = async (database: Database, table: string, sequence: string): Promise<readonly Span[]> => {
  const rows = await database.query<{ n: number }>(
    `select substring(c.relname from '_p(\\d+)$')::int as n from pg_inherits i join pg_class c on c.oid = i.inhrelid
     where i.inhparent = $1::regclass and (substring(c.relname from '_p(\\d+)$')::bigint + 1) * $2 <= (select last_value from ${sequence}) order by 1`,
    [table, WIDTH],
  );
  return rows.map(({ n }) => ({ n, from: n * WIDTH, to: (n + 1) * WIDTH }));
};

const clearMessages = async (database: Database, span: Span, before: Date): Promise<void> => {
  for (let from = span.from; from < span.to; from += LOT) {
    const to = from + LOT;
    if ((await database.query('select 1 as one from message where id >= $1 and id < $2 limit 1', [from, to])).length === 0) continue;
    await database.query(DELETE_KEYS, [from, to, span.to, before], SLOW);
    await database.query(DELETE_BODIES, [from, to, span.from, span.to], SLOW);
    await database.query('delete from reply where message_id >= $1 and message_id < $2', [from, to], SLOW);
  }
  await database.query('delete from hold where done is not null and message_id >= $1 and message_id < $2', [span.from, span.to], SLOW);
};

const clearDeliveries = async (database: Database, span: Span): Promise<void> => {
  for (let from = span.from; from < span.to; from += LOT)
    for (const table of ['attempt', 'receipt', 'far_message'])
      await database.query(`delete from ${table} where delivery_id >= $1 and delivery_id < $2`, [from, from + LOT], SLOW);
};

/** Cut loose without keeping anybody from the table, then dropped. */
const dropPartition = async (database: Database, table: string, n: number): Promise<void> => {
  const partition = `${table}_p${n}`;
  const [state] = await database.query<{ pending: boolean }>(
    'select i.inhdetachpending as pending from pg_inherits i where i.inhrelid = to_regclass($1)',
    [partition],
  );
  if (state !== undefined)
    await database.query(`alter table ${table} detach partition ${partition} ${state.pending ? 'finalize' : 'concurrently'}`, [], SLOW);
  await database.query(`drop table if exists ${partition}`);
};

/** What a removal that was cut off has left: partitions whose leading one is gone, cut loose or not. */
const dropRests = async (database: Database, [lead, ...others]: readonly string[]): Promise<void> => {
  for (const table of [lead ?? '', ...others]) {
    const rows = await database.query<{ n: number }>(
      `select substring(c.relname from '_p(\\d+)$')::int as n from pg_class c left join pg_inherits i on i.inhrelid = c.oid
       where c.relnamespace = current_schema()::regnamespace and c.relkind = 'r' and c.relname ~ ('^' || $1 || '_p\\d+$')
         and (i.inhrelid is null or i.inhdetachpending or not exists (
           select 1 from pg_inherits l join pg_class p on p.oid = l.inhrelid
           where l.inhparent = $2::regclass and not l.inhdetachpending and p.relname = $2 || substring(c.relname from '_p\\d+$')))
       order by 1`,
      [table, lead],
    );
    for (const { n } of rows) await dropPartition(database, table, n);
  }
};
