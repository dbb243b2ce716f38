import type { DestinationId, LaneId, PersonId } from '../../records/ids.ts';
import type { FiledHead } from '../../records/process.ts';
import type { Transaction } from '../pool.ts';

interface OpenLane {
  readonly id: LaneId;
  readonly destination: DestinationId;
  readonly person: PersonId;
  readonly hasHead: boolean;
  /** Waits for others, with or without a delivery of its own. */
  readonly blocked: boolean;
}

const busy = (lane: OpenLane): boolean => lane.hasHead || lane.blocked;
const idOf = (lane: OpenLane): LaneId => lane.id;

const LOCK = `select l.id from destination d join lane l on l.destination_id = d.id and l.person_id in ($1, $2) and not l.closed
  order by l.id for update of l`;
const READ = `select l.id, l.destination_id as destination, l.person_id as person, l.head is not null as "hasHead", l.blocked > 0 as blocked
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

/**
 * Closes the lanes and gives what a lane in their place must wait for: those that have deliveries, and whatever the empty ones
 * themselves waited for. Empty lanes are cut out, so that merging again and again makes no chain of them.
 */
const closeAll = async (tx: Transaction, lanes: readonly OpenLane[]): Promise<LaneId[]> => {
  await tx.query('update lane set closed = true where id = any($1)', [lanes.map(idOf)], 'lane-close');
  const empty = lanes.filter((lane) => !lane.hasHead && lane.blocked).map(idOf);
  const before = lanes.filter((lane) => lane.hasHead).map(idOf);
  if (empty.length === 0) return before;
  await tx.query('update lane set blocked = 0 where id = any($1)', [empty], 'lane-unblock');
  const waitedFor = await tx.query<{ id: LaneId }>(
    'delete from lane_link where after_lane = any($1) returning before_lane as id',
    [empty],
    'lane-unlink',
  );
  return [...new Set([...before, ...waitedFor.map((row) => row.id)])];
};

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
    if (leaving.some(busy)) await openBehind(tx, destination, into, await closeAll(tx, lanes));
    else await closeAll(tx, leaving);
  }
  return [];
};

/**
 * The merge was wrong: per destination where `into`'s lane is busy it is closed, and both persons get a new lane that waits behind it.
 * Both persons are locked by the caller.
 */
export const unmergeLanes = async (tx: Transaction, from: PersonId, into: PersonId): Promise<FiledHead[]> => {
  for (const [destination, lanes] of await openLanes(tx, from, into)) {
    const shared = lanes.filter((lane) => lane.person === into);
    if (!shared.some(busy)) continue;
    const before = await closeAll(tx, shared);
    const own = await closeAll(
      tx,
      lanes.filter((lane) => lane.person === from),
    );
    await openBehind(tx, destination, from, [...new Set([...before, ...own])]);
    await openBehind(tx, destination, into, before);
  }
  return [];
};
