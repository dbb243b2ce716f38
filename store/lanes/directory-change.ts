import type { DestinationId, DirectoryVersion } from '../../records/ids.ts';
import { int4s, texts } from '../arrays.ts';
import type { Database } from '../pool.ts';
import { retryTransaction } from '../retry.ts';

const RAISE = `with waiting as (
    select distinct d.person_id as id from delivery d
    where d.state = 0 and d.role = any($1::text[]) and d.directory_version <> $2 and ($3 or d.destination_id = any($4::int4[]))
  ), locked as (
    select p.id from person p join waiting w on w.id = p.id order by p.id for no key update of p
  )
  update person p set routing_version = p.routing_version + 1 from locked l where p.id = l.id returning p.id`;

/**
 * Ruling A12: another edition of the directory is in force. Everybody for whom something waits that was routed by role under another edition
 * is looked at again before it is sent. `destinations`: where that may be; null where the editions cannot be compared (at the start).
 * Resolves with the number of persons. Doing it twice only costs a second look.
 */
export const directoryChanged = async (
  database: Database,
  roles: readonly string[],
  edition: DirectoryVersion,
  destinations: readonly DestinationId[] | null,
): Promise<number> => {
  if (destinations?.length === 0) return 0;
  const values = [texts(roles), Buffer.from(edition, 'hex'), destinations === null, int4s(destinations ?? [])];
  return retryTransaction(database, async (tx) => {
    // The batch that may still be filing by the former one ends first; the next statement sees what it has committed.
    await tx.query("select 1 as held from lease where name = 'process' for update");
    return (await tx.query(RAISE, values, 'directory-changed')).length;
  });
};
