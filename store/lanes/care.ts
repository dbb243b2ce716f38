import type { DeliveryId, DestinationId, LaneId, Token } from '../../records/ids.ts';
import type { DueFilter, DueHead, Head } from '../../records/lanes.ts';
import type { Priority } from '../../records/states.ts';
import { int4s, int8s } from '../arrays.ts';
import { alive } from '../embedded/processes.ts';
import type { Database } from '../pool.ts';
import { untilClear } from './contention.ts';

/** Expired claims of one head after which it is held as poison. */
const POISON = 3;
/** Claims taken back in one transaction. */
const EXPIRE_AT_ONCE = 1_000;
/** A daemon whose heartbeat is older, and whose process is gone, is dead. */
const SILENT_MS = 3_000;

/** Ruling A24: boots on this host that hold claims, have fallen silent, and whose process is gone. Their claims need not run out. */
const deadDaemons = async (database: Database, me: number): Promise<number[]> => {
  const rows = await database.query<{ id: number; pid: number; stopped: boolean }>(
    `with claiming as (select distinct claimed_by as id from lane where phase = 2 and claimed_by <> $1)
     select d.id, d.pid, d.stopped is not null as stopped from claiming c join daemon d on d.id = c.id join daemon me on me.id = $1
     where d.host = me.host and (d.stopped is not null or d.seen < now() - $2::float8 * interval '1 ms')`,
    [me, SILENT_MS],
    { name: 'lane-dead-daemons' },
  );
  return rows.filter((row) => row.stopped || !alive(row.pid)).map((row) => row.id);
};

export const silentDaemons = async (database: Database, me: number): Promise<readonly number[]> =>
  (
    await database.query<{ id: number }>(
      `select id from daemon where id <> $1 and stopped is null and seen < now() - $2::float8 * interval '1 ms' and seen > now() - interval '1 minute' order by id`,
      [me, SILENT_MS],
      { name: 'silent-daemons' },
    )
  ).map((row) => row.id);

interface ExpiredRow {
  readonly what: number;
  readonly lane: LaneId;
  readonly delivery: DeliveryId;
  readonly token: Token;
  readonly destination: DestinationId;
  readonly priority: Priority;
}

/** Takes back claims by the crash table: due again where the receiver recognises duplicates, else to be asked about, or held. */
export const expireClaims = async (database: Database, daemon: number): Promise<readonly DueHead[]> => {
  const dead = await deadDaemons(database, daemon);
  const heads: DueHead[] = [];
  for (;;) {
    const rows = await untilClear(() =>
      database.query<ExpiredRow>(
        'select what, lane, delivery, token, destination, priority from lane_expire($1::int4[], $2, $3)',
        [int4s(dead), POISON, EXPIRE_AT_ONCE],
        { name: 'lane-expire' },
      ),
    );
    for (const { what, ...head } of rows) if (what !== 4) heads.push({ ...head, kind: what === 5 ? 'ask' : 'due', delayMs: 0 });
    if (rows.length < EXPIRE_AT_ONCE) return heads;
  }
};

const DUE = `select id as lane, head as delivery, destination_id as destination, priority, token,
    case phase when 1 then 'due' when 3 then 'backoff' else 'ask' end as kind,
    greatest(0, coalesce(extract(epoch from next_at - now()) * 1000, 0))::int8 as "delayMs"
  from lane
  where destination_id = $1 and head is not null and blocked = 0 and (
    phase = 1 and since <= now() - $2::float8 * interval '1 ms'
    or phase = 3 and (next_at <= now() - $2::float8 * interval '1 ms' or $3)
    or phase = 5 and (claimed_until is null or claimed_until < now()) and (next_at is null or next_at <= now() - $2::float8 * interval '1 ms' or $3))
  order by priority, case when $5 then head end, since limit $4`;

/** Heads of one destination that somebody should look at: oldest first within a priority. A scan of the lanes, no index. */
export const dueHeads = (database: Database, filter: DueFilter): Promise<DueHead[]> =>
  database.query<DueHead>(DUE, [filter.destination, filter.olderMs, filter.future, filter.limit ?? null, filter.byAge ?? false], {
    name: 'lane-due',
  });

/** Looks for lanes that do not follow from their deliveries and puts them right. */
export const checkLanes = async (
  database: Database,
): Promise<{ faults: readonly { lane: LaneId; fault: string }[]; due: readonly Head[] }> => {
  const faults = await database.query<{ lane: LaneId; fault: string }>('select lane, fault from lane_faults()', [], {
    name: 'lane-faults',
  });
  if (faults.length === 0) return { faults, due: [] };
  const due = await untilClear(() =>
    database.query<Head>('select lane, delivery, priority from lane_repair($1::int8[])', [int8s([...new Set(faults.map((f) => f.lane))])]),
  );
  return { faults, due };
};

/** Deletes empty lanes nobody waits behind (closed ones, and open ones empty for a month), and makes partitions ahead. */
export const tidyLanes = async (database: Database): Promise<void> => {
  await database.query(
    `delete from lane where id in (
       select l.id from lane l
       where l.head is null and l.blocked = 0 and (l.closed or l.since < now() - interval '30 days')
         and not exists (select 1 from lane_link k where k.before_lane = l.id or k.after_lane = l.id)
       order by l.id limit 5000 for update skip locked)`,
  );
  await database.query("select ensure_partitions('delivery', last_value), ensure_partitions('payload', last_value) from delivery_id");
};
