import type { DestinationId, LaneId, PersonId } from '../../records/ids.ts';
import type { FiledHead } from '../../records/process.ts';
import type { Transaction } from '../pool.ts';

interface OpenLane {
  readonly id: LaneId;
  readonly destination: DestinationId;
  readonly person: PersonId;
  readonly busy: boolean;
}

const LOCK = `select l.id from destination d join lane l on l.destination_id = d.id and l.person_id in ($1, $2) and not l.closed
  order by l.id for update of l`;
const READ = `select l.id, l.destination_id as destination, l.person_id as person, l.head is not null or l.blocked > 0 as busy
  from destination d join lane l on l.destination_id = d.id and l.person_id in ($1, $2) and not l.closed
  order by l.destination_id, l.id`;

/** Locks the open lanes of both persons, then reads them in a statement of its own. */
const openLanes = async (tx: Transaction, a: PersonId, b: PersonId): Promise<ReadonlyMap<DestinationId, readonly OpenLane[]>> => {
  const locked = tx.query(LOCK, [a, b], 'lane-merge-lock');
  const lanes = await tx.query<OpenLane>(READ, [a, b], 'lane-merge-read');
  await locked;
  const byDestination = new Map<DestinationId, OpenLane[]>();
  for (const lane of lanes) {
    const there = byDestination.get(lane.destination);
    if (there === undefined) byDestination.set(lane.destination, [lane]);
    else there.push(lane);
  }
  return byDestination;
};

const close = (tx: Transaction, lanes: readonly LaneId[]): Promise<unknown> =>
  tx.query('update lane set closed = true where id = any($1)', [lanes], 'lane-close');

/** A new lane for the person that starts when these have run empty. */
const openBehind = async (tx: Transaction, destination: DestinationId, person: PersonId, before: readonly LaneId[]): Promise<void> => {
  await tx.query(
    `with made as (insert into lane (destination_id, person_id, blocked) values ($1, $2, $3) returning id)
     insert into lane_link (before_lane, after_lane) select b.id, m.id from unnest($4::int8[]) b(id), made m`,
    [destination, person, before.length, before],
    'lane-open-behind',
  );
};

/**
 * Person `from` becomes `into`: per destination where `from`'s lane is busy, both lanes are closed and run empty, and a new lane of
 * `into` waits behind them. Waiting deliveries never change lanes: one that is being sent would be chosen and sent again.
 * Both persons are locked by the caller. Nothing becomes due by a merge; resolves with no heads.
 */
export const mergeLanes = async (tx: Transaction, from: PersonId, into: PersonId): Promise<FiledHead[]> => {
  for (const [destination, lanes] of await openLanes(tx, from, into)) {
    const leaving = lanes.filter((lane) => lane.person === from);
    if (leaving.length === 0) continue;
    if (!leaving.some((lane) => lane.busy)) {
      await close(
        tx,
        leaving.map((lane) => lane.id),
      );
      continue;
    }
    const busy = lanes.filter((lane) => lane.busy).map((lane) => lane.id);
    await close(
      tx,
      lanes.map((lane) => lane.id),
    );
    await openBehind(tx, destination, into, busy);
  }
  return [];
};

/**
 * The merge was wrong: per destination where `into`'s lane is busy it is closed, and both persons get a new lane that waits behind it.
 * Both persons are locked by the caller.
 */
export const unmergeLanes = async (tx: Transaction, from: PersonId, into: PersonId): Promise<FiledHead[]> => {
  for (const [destination, lanes] of await openLanes(tx, from, into)) {
    const shared = lanes.filter((lane) => lane.person === into && lane.busy);
    if (shared.length === 0) continue;
    const own = lanes.filter((lane) => lane.person === from);
    await close(
      tx,
      [...shared, ...own].map((lane) => lane.id),
    );
    await openBehind(
      tx,
      destination,
      from,
      [...shared, ...own.filter((lane) => lane.busy)].map((lane) => lane.id),
    );
    await openBehind(
      tx,
      destination,
      into,
      shared.map((lane) => lane.id),
    );
  }
  return [];
};
