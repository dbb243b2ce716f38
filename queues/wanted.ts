import type { Priority } from '../records/states.ts';

/** First in, first out within a priority; urgent first. */
export class Wanted<T extends { readonly priority: Priority }> {
  readonly #lists: readonly [T[], T[], T[]] = [[], [], []];
  #size = 0;

  get size(): number {
    return this.#size;
  }

  add(item: T): void {
    this.#lists[item.priority - 1]?.push(item);
    this.#size += 1;
  }

  take(most: number): T[] {
    const taken: T[] = [];
    for (const list of this.#lists) {
      if (taken.length >= most) break;
      taken.push(...list.splice(0, most - taken.length));
    }
    this.#size -= taken.length;
    return taken;
  }
}
