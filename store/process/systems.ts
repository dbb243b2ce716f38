import type { Database } from '../pool.ts';

/** Owners of record keys (`system:` of a mapping or source), numbered once. Loaded before the first batch, grown at reload. */
export class Systems {
  readonly #ids = new Map<string, number>();
  readonly #names = new Map<number, string>();

  async ensure(database: Database, names: readonly string[]): Promise<void> {
    await database.query('insert into system (name) select distinct unnest($1::text[]) on conflict (name) do nothing', [names]);
    const rows = await database.query<{ id: number; name: string }>('select id, name from system');
    for (const row of rows) {
      this.#ids.set(row.name, row.id);
      this.#names.set(row.id, row.name);
    }
  }

  id(name: string): number {
    const id = this.#ids.get(name);
    if (id === undefined) throw new RangeError(`system ${name} was not made known to the store`);
    return id;
  }

  name(id: number): string {
    const name = this.#names.get(id);
    if (name === undefined) throw new RangeError(`system ${id} is not known to this daemon`);
    return name;
  }
}
