import type { DeliveryId, PersonId } from '../../records/ids.ts';
import { ADDRESS_AGAIN } from '../../records/lanes.ts';
import type { FiledHead } from '../../records/process.ts';
import { DELIVERY } from '../../records/states.ts';
import type { Transaction } from '../pool.ts';

/** Deliveries that were handed over and are held since, beside their lanes. */

/**
 * Locks the person of a delivery that is in question, before any lane, and resolves with the person whose lane it goes to now; null where
 * it is not in question.
 */
export const lockOwnerInQuestion = async (tx: Transaction, delivery: DeliveryId): Promise<PersonId | null> => {
  const [row] = await tx.query<{ id: PersonId }>(
    `select coalesce(p.merged_into, p.id) as id from delivery d join person p on p.id = d.person_id
     where d.id = $1 and d.state = ${DELIVERY.code('in-question')}`,
    [delivery],
  );
  if (row === undefined) return null;
  await tx.query('select id from person where id = $1 for no key update', [row.id]);
  return row.id;
};

/** It went wrong because of how it was addressed: what is sent next is addressed anew, from what is known of the patient by then. */
export const wronglyAddressed = async (tx: Transaction, delivery: DeliveryId): Promise<boolean> => {
  const rows = await tx.query(
    `select 1 as one from hold where delivery_id = $1 and done is null and reason in ('patient-not-routed', 'no-addressee', 'recipient-unknown')`,
    [delivery],
  );
  return rows.length > 0;
};

/** The recipient has it: it was fetched, or answered. */
export const isFetched = async (tx: Transaction, delivery: DeliveryId): Promise<boolean> => {
  const rows = await tx.query('select 1 as one from receipt where delivery_id = $1 and (stage = 2 and good or stage = 4) limit 1', [
    delivery,
  ]);
  return rows.length > 0;
};

const ANEW = `
select f.lane, f.delivery, f.destination, f.priority, f.size
from delivery d join payload p on p.delivery_id = d.id
cross join lateral lane_file(
  array[d.destination_id], array[$2::int8], array[d.message_id], array[d.part], array[d.item_id], array[d.record_id], array[d.priority],
  array[d.role], array[d.route], array[d.transport_key], array[case when $3 then ${ADDRESS_AGAIN} else d.decided_version end],
  array[encode(d.mapping_version, 'hex')], array[encode(d.directory_version, 'hex')], array[d.content_type], array[d.size],
  array[p.key_id], array[p.form], array[p.body]) f
where d.id = $1`;

/**
 * The same payload once more as a delivery of its own, at the end of the person's lane: a new message to the far side. The one in
 * question is withdrawn as replaced; what is said of it from now on stays with it. Person, lane and delivery are locked.
 */
export const fileAnew = async (
  tx: Transaction,
  delivery: DeliveryId,
  person: PersonId,
  readdress: boolean,
): Promise<readonly FiledHead[]> => {
  const heads = await tx.query<FiledHead>(ANEW, [delivery, person, readdress], 'file-anew');
  await tx.query("update delivery set resend_of = $1 where id = currval('delivery_id')", [delivery]);
  await tx.query(`update delivery set state = ${DELIVERY.code('withdrawn')}, withdrawn = 'replaced', done = now() where id = $1`, [
    delivery,
  ]);
  return heads;
};
