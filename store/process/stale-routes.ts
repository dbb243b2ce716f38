import type { Database } from '../pool.ts';

const RAISE = `
with asked as (
  select distinct coalesce(p.merged_into, p.id) as id from delivery d join person p on p.id = d.person_id
  where d.state = 0 and d.directory_version <> decode($1, 'hex')
), locked as (select p.id from person p join asked using (id) order by p.id for no key update of p)
update person p set routing_version = p.routing_version + 1 from locked where p.id = locked.id returning p.id`;

/**
 * Another directory is in force: what still waits and was routed by a former one is looked at again before it is sent (ruling A12).
 * Waits for the batch that may still be filing by the former one. Resolves with how many persons that concerns.
 */
export const raiseStaleRoutes = (database: Database, directoryVersion: string): Promise<number> =>
  database.inTransaction(async (tx) => {
    await tx.query("select 1 as held from lease where name = 'process' for update");
    // A statement of its own: its snapshot sees what that batch has committed.
    return (await tx.query(RAISE, [directoryVersion])).length;
  });
