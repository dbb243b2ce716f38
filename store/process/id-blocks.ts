import type { ItemId, PersonId } from '../../records/ids.ts';
import { brandAs } from '../../records/ids.ts';
import type { Database } from '../pool.ts';

const BLOCK = 1000;
const SEQUENCES = { person: 'person_id_seq', item: 'record_item_id_seq', record: 'record_id_seq' } as const;
type Sequence = keyof typeof SEQUENCES;

/**
 * Row ids drawn ahead in blocks, so that a batch can name its rows before it writes them and send every statement at once.
 * Gaps are harmless: only delivery and message ids carry an order, and those are never drawn ahead.
 */
export class IdBlocks {
  readonly #database: Database;
  readonly #free: Record<Sequence, number[]> = { person: [], item: [], record: [] };

  constructor(database: Database) {
    this.#database = database;
  }

  async reserve(n: number): Promise<void> {
    for (const kind of ['person', 'item', 'record'] as const) {
      const free = this.#free[kind];
      if (free.length >= n) continue;
      const rows = await this.#database.query<{ id: number }>(`select nextval('${SEQUENCES[kind]}') id from generate_series(1, $1)`, [
        Math.max(n, BLOCK),
      ]);
      // Drawn from the end, so the newest block goes in front: ids leave in rising order.
      this.#free[kind] = [...rows.map((row) => row.id).reverse(), ...free];
    }
  }

  #draw(kind: Sequence): number {
    const id = this.#free[kind].pop();
    if (id === undefined) throw new RangeError(`no ${kind} id was reserved`);
    return id;
  }

  readonly person = (): PersonId => brandAs<PersonId>(this.#draw('person'));
  readonly item = (): ItemId => brandAs<ItemId>(this.#draw('item'));
  readonly record = (): number => this.#draw('record');
  available(): number {
    return Math.min(this.#free.person.length, this.#free.item.length, this.#free.record.length);
  }
}
