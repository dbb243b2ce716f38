import type { RecordKey } from '../../records/mapped.ts';
import type { CanonicalRecord } from '../../records/record.ts';

/** What the body of a record version holds; a withdrawal that came before its original has keys alone. */
export interface RecordBody {
  readonly keys: readonly RecordKey[];
  readonly record: CanonicalRecord | null;
}

const MOST = 8_192;

/**
 * Versions of records that were written or opened lately, by row id. A version is never changed and its id never given twice, so what is
 * found here is what opening it again would give.
 */
export class RecordCache {
  readonly #bodies = new Map<number, RecordBody>();

  get(id: number): RecordBody | undefined {
    return this.#bodies.get(id);
  }

  put(id: number, body: RecordBody): void {
    this.#bodies.set(id, body);
    for (const oldest of this.#bodies.keys()) {
      if (this.#bodies.size <= MOST) break;
      this.#bodies.delete(oldest);
    }
  }
}
