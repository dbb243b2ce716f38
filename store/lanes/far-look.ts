import type { AwaitedDelivery, FarDestination } from '../../records/far-side.ts';
import { int4s } from '../arrays.ts';
import type { Database } from '../pool.ts';

/** Longest pause between two looks, unless the configured one is longer. */
const MOST_MS = 6 * 3_600_000;

const LOOK = `
with due as (
  select f.id from far_message f join delivery d on d.id = f.delivery_id
  where f.watched and f.destination_id = any($1::int4[]) and f.far_id is not null
    and f.next_look <= coalesce($3::timestamptz, clock_timestamp())
    and f.accepted <= coalesce($3::timestamptz, clock_timestamp()) - $2::float8 * interval '1 ms' and d.state = 1
    and not exists (select 1 from receipt r where r.delivery_id = f.delivery_id and r.far_id = f.far_id and r.stage = 2 and r.good)
  order by f.accepted limit $4 for update of f skip locked),
looked as (
  update far_message f set looks = least(f.looks + 1, 1000),
    next_look = coalesce($3::timestamptz, clock_timestamp()) + least($5::float8, $2::float8 * power(2, least(f.looks, 20))) * interval '1 ms'
  from due where f.id = due.id
  returning f.delivery_id, f.far_id, f.accepted)
select l.delivery_id as id, l.far_id as "farId",
  (extract(epoch from coalesce($3::timestamptz, clock_timestamp()) - l.accepted) * 1000)::int8 as "acceptedMs"
from looked l order by l.accepted, l.delivery_id`;

export interface LookParts {
  readonly database: Database;
  readonly now?: () => Date;
}

/**
 * Deliveries that may be asked about now, of one mailbox. The pause before the first look is the configured one, and doubles: it can be
 * hours until collection, and the service asks not to be polled for it (MESH rule 1.10).
 */
export const lookUp = async (
  { database, now }: LookParts,
  destinations: readonly FarDestination[],
  limit: number,
): Promise<readonly AwaitedDelivery[]> => {
  const found: AwaitedDelivery[] = [];
  const byPause = new Map<number, FarDestination[]>();
  for (const destination of destinations) {
    const { tracking } = destination;
    if (tracking !== null) byPause.set(tracking, [...(byPause.get(tracking) ?? []), destination]);
  }
  for (const [pause, those] of byPause) {
    const left = limit - found.length;
    if (left <= 0) break;
    const rows = await database.query<Omit<AwaitedDelivery, 'waitsFor'>>(
      LOOK,
      [int4s(those.map(({ id }) => id)), pause, now?.() ?? null, left, Math.max(MOST_MS, pause)],
      { name: 'far-look' },
    );
    found.push(...rows.map((row) => ({ ...row, waitsFor: 'downloaded' as const })));
  }
  return found;
};
