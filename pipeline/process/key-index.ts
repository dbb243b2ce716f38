import type { ItemId } from '../../records/ids.ts';
import { isKindName, keyScope } from '../../records/kinds/index.ts';
import { type StoredItem, scopedKeyText } from '../../records/process.ts';

/** Enough to find an item in an `ItemSet`. */
export interface ItemName {
  readonly id: ItemId;
  readonly kind: string;
}

/**
 * The items of one person by the keys they are stored under. Made once and kept with the person from batch to batch: it only grows, and
 * only by what is committed, so a batch that fails leaves nothing in it.
 */
export class KeyIndex {
  readonly #names = new Map<string, ItemName>();

  static of(items: Iterable<StoredItem>): KeyIndex {
    return new KeyIndex().with(items);
  }

  /** The items of this index and these, as an index of its own. */
  with(items: Iterable<StoredItem>): KeyIndex {
    const index = new KeyIndex();
    for (const [key, name] of this.#names) index.#names.set(key, name);
    for (const item of items) {
      const name = { id: item.id, kind: item.kind };
      for (const key of storedKeys(item)) index.#names.set(key, name);
    }
    return index;
  }

  /** By `scopedKeyText`. */
  get(key: string): ItemName | undefined {
    return this.#names.get(key);
  }

  /** Takes over a key that was committed. */
  learn(key: string, { id, kind }: ItemName): void {
    this.#names.set(key, { id, kind });
  }
}

/** The keys of a stored item as texts. They count within its parent, its person, or the whole system. */
export const storedKeys = ({ system, kind, parentId, personId, keys }: StoredItem): string[] => {
  const scope = parentId ?? (isKindName(kind) && keyScope(kind, false) === 'patient' ? personId : 0);
  return keys.map((key) => scopedKeyText({ system, kind, scope, key }));
};
