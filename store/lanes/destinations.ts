import type { DestinationId, DestinationName } from '../../records/ids.ts';
import type { BreakerPolicy, DestinationHealth, DestinationStatus, TransportNote } from '../../records/lanes.ts';
import { bools, texts } from '../arrays.ts';
import type { Database } from '../pool.ts';
import { untilClear } from './contention.ts';

export interface DestinationSettings {
  readonly name: DestinationName;
  /** `mllp`, `folder`. */
  readonly transport: string;
  readonly dedupable: boolean;
  readonly advanceConfirmed: boolean;
}

/** Writes what the configuration says of its destinations; pause and breaker stay as they are. Resolves with every name's id. */
export const ensureDestinations = async (
  database: Database,
  rows: readonly DestinationSettings[],
): Promise<ReadonlyMap<DestinationName, DestinationId>> => {
  const written = await database.query<{ id: DestinationId; name: DestinationName }>(
    `insert into destination (name, transport, dedupable, advance_confirmed)
     select * from unnest($1::text[], $2::text[], $3::bool[], $4::bool[]) t(name, transport, dedupable, advance_confirmed) order by name
     on conflict (name) do update set transport = excluded.transport, dedupable = excluded.dedupable, advance_confirmed = excluded.advance_confirmed
     returning id, name`,
    [
      texts(rows.map((r) => r.name)),
      texts(rows.map((r) => r.transport)),
      bools(rows.map((r) => r.dedupable)),
      bools(rows.map((r) => r.advanceConfirmed)),
    ],
  );
  return new Map(written.map((row) => [row.name, row.id]));
};

const HEALTH = `paused, breaker_fails as failures,
  case when breaker_until is null then null else greatest(1, extract(epoch from breaker_until - clock_timestamp()) * 1000)::int8 end as "breakerMs"`;

export const destinationStatuses = (database: Database): Promise<DestinationStatus[]> =>
  database.query<DestinationStatus>(`select id, name, ${HEALTH} from destination order by id`, [], { name: 'destination-statuses' });

const UNKNOWN: DestinationHealth = { paused: false, breakerMs: null, failures: 0 };

export const destinationHealth = async (database: Database, id: DestinationId): Promise<DestinationHealth> =>
  (await database.query<DestinationHealth>(`select ${HEALTH} from destination where id = $1`, [id], { name: 'destination-health' }))[0] ??
  UNKNOWN;

/**
 * Counts transport failures in a row; at the policy's number the breaker opens, longer at every further failure. 0 failures = the
 * transport works: the breaker closes. The row is locked last and alone, in a transaction of its own.
 */
export const noteTransport = async (
  database: Database,
  id: DestinationId,
  failures: number,
  policy: BreakerPolicy,
): Promise<TransportNote> => {
  if (failures === 0) {
    const closed = await database.query<{ open: boolean }>(
      `with before as (select id, breaker_until is not null as open from destination where id = $1 for update)
       update destination d set breaker_fails = 0, breaker_until = null from before b
       where d.id = b.id and (d.breaker_fails > 0 or d.breaker_until is not null) returning b.open`,
      [id],
      { name: 'breaker-close' },
    );
    const wasOpen = closed[0]?.open ?? false;
    if (wasOpen) await endBackoffs(database, id);
    return { ...(await destinationHealth(database, id)), closed: wasOpen, opened: false };
  }
  const rows = await database.query<DestinationHealth & { opened: boolean }>(
    `with before as (select id as was_id, breaker_until is null as was_closed from destination where id = $1 for update)
     update destination set breaker_fails = breaker_fails + $2,
       breaker_until = case when breaker_fails + $2 >= $3
         then clock_timestamp() + least($5::float8, $4::float8 * power(2, least(breaker_fails + $2 - $3, 20))) * interval '1 ms'
         else breaker_until end
     from before where id = was_id returning ${HEALTH}, was_closed and breaker_until is not null as opened`,
    [id, failures, policy.failures, policy.firstMs, policy.mostMs],
    { name: 'breaker-count' },
  );
  return { ...(rows[0] ?? { ...UNKNOWN, opened: false }), closed: false };
};

/** What failed while the far side was away need not wait any longer than what was never tried: its turn comes by priority and age. */
const endBackoffs = (database: Database, id: DestinationId): Promise<unknown> =>
  untilClear(() =>
    database.query(
      `with waiting as (select id from lane where destination_id = $1 and phase = 3 and next_at > clock_timestamp() order by id for update)
       update lane l set next_at = clock_timestamp() from waiting w where l.id = w.id`,
      [id],
      { name: 'breaker-end-backoffs' },
    ),
  );

/** Half-open: the one daemon whose update meets a breaker that is over may try one head. */
export const takeProbe = async (database: Database, id: DestinationId, ttlMs: number): Promise<boolean> => {
  const rows = await database.query(
    `update destination set breaker_until = clock_timestamp() + $2::float8 * interval '1 ms'
     where id = $1 and not paused and breaker_until <= clock_timestamp() returning id`,
    [id, ttlMs],
    { name: 'breaker-probe' },
  );
  return rows.length > 0;
};
