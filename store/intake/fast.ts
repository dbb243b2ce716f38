import type { Database } from '../pool.ts';
import { FenceLost, fenceColumns, fencesOf, LIVE_FENCES } from './fences.ts';
import { type IntakeRow, isKeyed, isSpecial, rowColumns, rowKey, type Settled, unnestRows } from './rows.ts';

/**
 * One statement, one commit, for messages that are all new. Ids are drawn inside it in order of arrival, from a sequence
 * without cache: acknowledged before sent implies a smaller id, whatever daemon took it. Keys go in sorted, so two
 * daemons never wait for each other crosswise. A key that is there already fails the whole statement (23505), and the
 * careful way decides; nothing is half done.
 */
const FLUSH = `
with b as materialized (
  select nextval('message_id') as id, t.* from (select * from ${unnestRows(3)} order by ord) t
), i as (
  insert into intake (daemon_id, flush, ids) select $1, $2, array_agg(id order by ord) from b
), k as (
  insert into message_key (source_id, sender, control_id, digest, message_id)
  select source_id, sender, control_id, digest, id from b where outcome = 0 order by source_id, sender, control_id
), m as (
  insert into message (id, source_id, control_id, sender, type, digest, size, key_id, body, content_id, meta, answer)
  select id, source_id, control_id, sender, type, digest, size, key_id, body, content_id, meta, answer from b
), o as (
  insert into message_outcome (message_id, source_id, day, outcome, reason)
  select id, source_id, (now() at time zone 'UTC')::date, outcome, reason from b where outcome <> 0
), t as (
  insert into message_todo (message_id, source_id) select id, source_id from b where outcome = 0
)
select id from b order by ord`;

/**
 * The same for a flush some of which was fetched under leases, or decided before the journal. Where not all of the leases ($3, $4) are
 * still what they were, nothing at all is written and nothing comes back.
 */
const FLUSH_SPECIAL = `
with live as materialized (${LIVE_FENCES('$3', '$4')}
), b as materialized (
  select nextval('message_id') as id, t.* from (select * from ${unnestRows(5)} order by ord) t
  where (select count(*) from live) = cardinality($3::text[])
), i as (
  insert into intake (daemon_id, flush, ids) select $1, $2, array_agg(id order by ord) from b having count(*) > 0
), k as (
  insert into message_key (source_id, sender, control_id, digest, message_id)
  select source_id, sender, control_id, digest, id from b where outcome in (0, 1, 2) order by source_id, sender, control_id
), m as (
  insert into message (id, source_id, control_id, sender, type, digest, size, key_id, body, content_id, meta, answer)
  select id, source_id, control_id, sender, type, digest, size, key_id, body, content_id, meta, answer from b
), o as (
  insert into message_outcome (message_id, source_id, day, outcome, reason, rule)
  select id, source_id, (now() at time zone 'UTC')::date, outcome, case when outcome <> 1 then reason end, case when outcome = 1 then reason end
  from b where outcome <> 0
), h as (
  insert into hold (reason, message_id, part) select reason, id, 1 from b where outcome = 2
), p as (
  insert into message_part (message_id, part, outcome, reason, rule)
  select id, 1, outcome, case when outcome = 2 then reason end, case when outcome = 1 then reason end from b where outcome in (1, 2)
), t as (
  insert into message_todo (message_id, source_id) select id, source_id from b where outcome = 0
)
select id from b order by ord`;

/** Do two rows carry the same key? Then the second has to be compared with the first. */
export const hasTwins = (rows: readonly IntakeRow[]): boolean => {
  const seen = new Set<string>();
  for (const row of rows) {
    if (!isKeyed(row)) continue;
    const key = rowKey(row);
    if (seen.has(key)) return true;
    seen.add(key);
  }
  return false;
};

type Written = Promise<{ readonly id: number }[]>;

const writePlain = (database: Database, flush: readonly number[], rows: readonly IntakeRow[], timeout: number): Written =>
  database.query(FLUSH, [...flush, ...rowColumns(rows)], { name: 'intake-flush', timeout });

const writeSpecial = (database: Database, flush: readonly number[], rows: readonly IntakeRow[], timeout: number): Written =>
  database.query(FLUSH_SPECIAL, [...flush, ...fenceColumns(fencesOf(rows)), ...rowColumns(rows)], { name: 'intake-special', timeout });

export const flushNew = async (
  database: Database,
  daemon: number,
  flush: number,
  rows: readonly IntakeRow[],
  timeout: number,
): Promise<Settled[]> => {
  const special = rows.some(isSpecial);
  const written = await (special ? writeSpecial : writePlain)(database, [daemon, flush], rows, timeout);
  if (special && written.length === 0) throw new FenceLost();
  return rows.map((row, ordinal) => {
    const id = written[ordinal]?.id;
    if (id === undefined) throw new RangeError('the flush lost a row');
    return { id, outcome: row.outcome, of: null };
  });
};
