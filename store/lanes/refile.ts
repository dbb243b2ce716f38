import type { DeliveryId, LaneId, PersonId, TransportKey } from '../../records/ids.ts';
import type { ClaimRef } from '../../records/lanes.ts';
import type { FiledHead, Filing } from '../../records/process.ts';
import { int4s, int8s, texts } from '../arrays.ts';
import type { Transaction } from '../pool.ts';
import type { Vault } from '../vault.ts';
import { fileDeliveries } from './file.ts';

export interface Refiled {
  /** False where the claim is no longer ours or a byte may have left: nothing was changed. */
  readonly done: boolean;
  readonly heads: readonly FiledHead[];
}

const LANES = `with made as (
    insert into lane (destination_id, person_id)
    select distinct t.d, t.p from unnest($1::int4[], $2::int8[]) t(d, p)
    where not exists (select 1 from lane l where l.destination_id = t.d and l.person_id = t.p and not l.closed) order by t.d, t.p
    on conflict (destination_id, person_id) where not closed do nothing returning id)
  select id from made`;
const LOCK = `select lane_lock($1::int8 || array(
    select l.id from unnest($2::int4[], $3::int8[]) t(d, p) join lane l on l.destination_id = t.d and l.person_id = t.p and not l.closed))`;
const CHECK = `select l.id from lane l join delivery d on d.id = l.head
  where l.id = $1 and l.head = $2 and l.token = $3 and l.phase = 2 and d.state = 0
    and (d.sent_first is null or not exists (select 1 from attempt a where a.delivery_id = d.id and a.sent_bytes and a.receipt_code is null))`;

/**
 * Ruling A10–A11: a claimed head whose route has changed is withdrawn as `replaced`, its successors are filed on their lanes and the old
 * lane goes on, in the caller's one transaction. Locks persons, then lanes, in order; checks head, token and that nothing can have arrived.
 */
export const refile = async (tx: Transaction, vault: Vault, claim: ClaimRef, filings: readonly Filing[]): Promise<Refiled> => {
  const destinations = int4s(filings.map((f) => f.destinationId));
  const persons = int8s(filings.map((f) => f.personId));
  await tx.query('select id from person where id = any($1::int8[]) order by id for no key update', [persons], 'refile-persons');
  await tx.query(LANES, [destinations, persons], 'refile-lanes');
  await tx.query(LOCK, [claim.lane, destinations, persons], 'refile-lock');
  const sound = await tx.query<{ id: LaneId }>(CHECK, [claim.lane, claim.delivery, claim.token], 'refile-check');
  if (sound.length === 0) return { done: false, heads: [] };
  await tx.query("update delivery set state = 3, withdrawn = 'replaced', done = now() where id = $1", [claim.delivery], 'refile-withdraw');
  // A route with several targets gives them all again; what is on its way to the others, or there, stays what it is.
  const elsewhere = await tx.query<{ key: TransportKey }>(
    'select transport_key as key from delivery where transport_key = any($1::text[]) and state <> 3',
    [texts(filings.map((f) => f.transportKey))],
    'refile-elsewhere',
  );
  const kept = new Set(elsewhere.map((row) => row.key));
  const filed = await fileDeliveries(
    tx,
    vault,
    filings.filter((filing) => !kept.has(filing.transportKey)),
  );
  return { done: true, heads: [...filed, ...(await advanceLane(tx, claim.lane, claim.delivery))] };
};

/** The locked lane's head is done with: what is behind it moves up, and what waited behind a lane now empty is let go. */
export const advanceLane = (tx: Transaction, lane: LaneId, head: DeliveryId): Promise<FiledHead[]> =>
  tx.query<FiledHead>(
    `select a.lane, a.delivery, d.destination_id as destination, a.priority, d.size
     from lane_advance(array[$1::int8], array[$2::int8], lane_lock(array[$1::int8])) a join delivery d on d.id = a.delivery`,
    [lane, head],
    'lane-advance',
  );

/** True where a merge into one of these stood when the delivery was filed, and was taken back since: it was rendered of two persons as one. */
export const partedSince = async (tx: Transaction, delivery: DeliveryId, persons: readonly PersonId[]): Promise<boolean> => {
  const rows = await tx.query(
    `select 1 from delivery d join person_merge m on m.into_person = any($2::int8[]) and m.at <= d.filed and m.undone_at >= d.filed
     where d.id = $1 limit 1`,
    [delivery, int8s(persons)],
    'parted-since',
  );
  return rows.length > 0;
};

/** The route still stands: the decision now rests on this version of the person, so it need not be checked again. */
export const confirmRoute = async (tx: Transaction, claim: ClaimRef, routingVersion: number): Promise<void> => {
  await tx.query('update delivery set decided_version = $2 where id = $1 and state = 0', [claim.delivery, routingVersion], 'confirm-route');
};
