import type { ItemId } from '../../records/ids.ts';
import type { StoredItem } from '../../records/process.ts';

const NONE: readonly StoredItem[] = [];

/**
 * The items of one person by kind, each kind in the order its items came. Changed by copy, and only of the kind that changes: a person may
 * have thousands of results, and a message reads two or three kinds.
 */
export class ItemSet {
  static readonly EMPTY = new ItemSet(new Map());
  readonly #kinds: ReadonlyMap<string, readonly StoredItem[]>;

  private constructor(kinds: ReadonlyMap<string, readonly StoredItem[]>) {
    this.#kinds = kinds;
  }

  static of(items: Iterable<StoredItem>): ItemSet {
    return ItemSet.EMPTY.withAll(items);
  }

  get size(): number {
    let size = 0;
    for (const items of this.#kinds.values()) size += items.length;
    return size;
  }

  ofKind(kind: string): readonly StoredItem[] {
    return this.#kinds.get(kind) ?? NONE;
  }

  get(id: ItemId, kind: string): StoredItem | undefined {
    return this.ofKind(kind).find((item) => item.id === id);
  }

  all(): StoredItem[] {
    return [...this.#kinds.values()].flat();
  }

  with(item: StoredItem): ItemSet {
    const kinds = new Map(this.#kinds);
    const items = [...this.ofKind(item.kind)];
    const at = items.findIndex((one) => one.id === item.id);
    if (at < 0) items.push(item);
    else items[at] = item;
    kinds.set(item.kind, items);
    return new ItemSet(kinds);
  }

  /** As `with`, of many at once. */
  withAll(items: Iterable<StoredItem>): ItemSet {
    const byId = new Map<string, Map<ItemId, StoredItem>>();
    for (const item of items) {
      let kind = byId.get(item.kind);
      if (kind === undefined) {
        kind = new Map(this.ofKind(item.kind).map((one) => [one.id, one]));
        byId.set(item.kind, kind);
      }
      kind.set(item.id, item);
    }
    if (byId.size === 0) return this;
    const kinds = new Map(this.#kinds);
    for (const [kind, known] of byId) kinds.set(kind, [...known.values()]);
    return new ItemSet(kinds);
  }
}
