import type { ItemId } from '../../records/ids.ts';
import type { RecordKey } from '../../records/mapped.ts';
import type { CanonicalRecord } from '../../records/record.ts';

/** What the body of a record version holds; a withdrawal that came before its original has keys alone. */
export interface RecordBody {
  readonly keys: readonly RecordKey[];
  readonly record: CanonicalRecord | null;
}

const MOST = 8_192;

/**
 * The version of a record that was written or opened last, of the items seen lately. A version is never changed and its id never given twice,
 * so what is found here under its id is what opening it again would give. Only present versions are ever read: former ones are not kept.
 */
export class RecordCache {
  readonly #versions = new Map<ItemId, { readonly id: number; readonly body: RecordBody }>();

  get(item: ItemId, id: number): RecordBody | undefined {
    const version = this.#versions.get(item);
    return version?.id === id ? version.body : undefined;
  }

  put(item: ItemId, id: number, body: RecordBody): void {
    this.#versions.delete(item);
    this.#versions.set(item, { id, body });
    if (this.#versions.size <= MOST) return;
    for (const oldest of this.#versions.keys()) {
      if (this.#versions.size <= MOST) break;
      this.#versions.delete(oldest);
    }
  }
}
