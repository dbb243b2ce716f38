import type { Database } from '../pool.ts';
import { type IntakeRow, isKeyed, rowColumns, rowKey, type Settled, unnestRows } from './rows.ts';

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

export const flushNew = async (
  database: Database,
  daemon: number,
  flush: number,
  rows: readonly IntakeRow[],
  timeout: number,
): Promise<Settled[]> => {
  const written = await database.query<{ id: number }>(FLUSH, [daemon, flush, ...rowColumns(rows)], { name: 'intake-flush', timeout });
  return rows.map((row, ordinal) => {
    const id = written[ordinal]?.id;
    if (id === undefined) throw new RangeError('the flush lost a row');
    return { id, outcome: row.outcome, of: null };
  });
};
