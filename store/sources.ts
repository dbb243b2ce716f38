import type { SourceId, SourceName } from '../records/ids.ts';
import { texts } from './arrays.ts';
import type { Database } from './pool.ts';

/** Row ids of the sources of this configuration, made where they are new. A source that was renamed is another source. */
export const ensureSources = async (database: Database, names: readonly SourceName[]): Promise<ReadonlyMap<SourceName, SourceId>> => {
  // Ids are drawn only for new names: `on conflict` would spend one on each start.
  await database.query(
    `insert into source (name) select name from unnest($1::text[]) w(name)
     where not exists (select 1 from source s where s.name = w.name) order by name on conflict do nothing`,
    [texts(names)],
  );
  const rows = await database.query<{ id: SourceId; name: SourceName }>('select id, name from source where name = any($1::text[])', [
    texts(names),
  ]);
  return new Map(rows.map((row) => [row.name, row.id]));
};

export const ensureSource = async (database: Database, name: SourceName): Promise<SourceId> => {
  const id = (await ensureSources(database, [name])).get(name);
  if (id === undefined) throw new RangeError(`no row for source ${name}`);
  return id;
};
