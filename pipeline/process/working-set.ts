import type { ItemId, PersonId } from '../../records/ids.ts';
import {
  type ItemWrite,
  identifierKey,
  type MergeWrite,
  type PersonIdentifier,
  type PersonRow,
  type ScopedKey,
  type StandingMerge,
  type StoredItem,
  scopedKeyText,
} from '../../records/process.ts';
import { storedKeys } from './key-index.ts';
import { type PersonState, withIdentifiers, withItem } from './person-state.ts';

/** Everything a batch has loaded and decided so far. Messages are decided in order; each sees what those before it did. */
export class WorkingSet {
  readonly persons = new Map<PersonId, PersonState>();
  /** Identifier key → person that holds it. */
  readonly holders = new Map<string, PersonId>();
  /** Scoped key → item: keys that count for a whole system and were looked up, and whatever this batch adds. Others are in their person's index. */
  readonly keys = new Map<string, ItemId>();
  readonly known = new Map<ItemId, StoredItem>();
  /** Person of an item, or a person merged away → the one that stays. */
  readonly roots = new Map<PersonId, PersonId>();
  readonly items: ItemWrite[] = [];
  readonly merges: MergeWrite[] = [];
  /** Rows of the persons taken apart in this batch, and who holds which identifier and which merges stand among them. */
  readonly rows = new Map<PersonId, PersonRow>();
  readonly ownIdentifiers = new Map<PersonId, readonly PersonIdentifier[]>();
  readonly standing: StandingMerge[] = [];
  /** Persons to be written, with the identifiers they learned. */
  readonly touched = new Map<PersonId, PersonIdentifier[]>();

  /** Makes an item findable by its keys, whoever it belongs to. */
  know(item: StoredItem): void {
    this.known.set(item.id, item);
    for (const key of storedKeys(item)) this.keys.set(key, item.id);
  }

  rootOf(id: PersonId): PersonId {
    return this.roots.get(id) ?? id;
  }
}

/** What one message would change. `commit` hands it to the working set; a draft that is dropped leaves no trace. */
export class Draft {
  readonly #base: WorkingSet;
  readonly #persons = new Map<PersonId, PersonState>();
  readonly #known = new Map<ItemId, StoredItem>();
  readonly #learned = new Map<PersonId, PersonIdentifier[]>();
  // Most messages bring no identifier, key or merge that is new: these are made at need.
  #holders: Map<string, PersonId> | null = null;
  #keys: Map<string, ItemId> | null = null;
  #roots: Map<PersonId, PersonId> | null = null;
  readonly #items: ItemWrite[] = [];
  readonly #merges: MergeWrite[] = [];

  constructor(base: WorkingSet) {
    this.#base = base;
  }

  rootOf(id: PersonId): PersonId {
    return this.#roots?.get(id) ?? this.#base.rootOf(id);
  }

  /** The person as this message sees it; one that was merged away leads to the one that stays. */
  person(id: PersonId): PersonState {
    const root = this.rootOf(id);
    const state = this.#persons.get(root) ?? this.#base.persons.get(root);
    if (state === undefined) throw new Error(`person ${root} is not in the batch`);
    return state;
  }

  holder(identifier: PersonIdentifier): PersonId | undefined {
    const key = identifierKey(identifier);
    const holder = this.#holders?.get(key) ?? this.#base.holders.get(key);
    return holder === undefined ? undefined : this.rootOf(holder);
  }

  /** Items by scoped key text, as a record of this person looks them up. */
  foundOf(person: PersonState): { get(key: string): StoredItem | undefined } {
    return {
      get: (key) => {
        const id = this.#keys?.get(key) ?? this.#base.keys.get(key);
        if (id !== undefined) return this.#known.get(id) ?? this.#base.known.get(id);
        const name = person.keys.get(key);
        return name === undefined ? undefined : person.items.get(name.id, name.kind);
      },
    };
  }

  put(person: PersonState): void {
    this.#persons.set(person.id, person);
    if (!this.#learned.has(person.id)) this.#learned.set(person.id, []);
  }

  learn(person: PersonState, identifiers: readonly PersonIdentifier[]): PersonState {
    if (identifiers.length === 0) return person;
    const next = withIdentifiers(person, identifiers);
    this.put(next);
    this.#learned.get(person.id)?.push(...identifiers);
    this.#hold(identifiers, person.id);
    return next;
  }

  /** Stores a new version of an item read with this person. */
  write(person: PersonState, write: ItemWrite): PersonState {
    const { id, uuid, personId, kind, system, state, parentId, recordId, keys, record } = write;
    const item: StoredItem = { id, uuid, personId, kind, system, state, parentId, recordId, keys, record };
    this.#items.push(write);
    this.#known.set(id, item);
    for (const key of write.newKeys) {
      this.#keys ??= new Map();
      this.#keys.set(scopedKeyText(key satisfies ScopedKey), id);
    }
    const next = withItem(person, item);
    this.put(next);
    return next;
  }

  /** From now on `from` is read as part of `into`. */
  merge(write: MergeWrite, into: PersonState): void {
    this.#merges.push(write);
    this.put(into);
    this.#lead([write.from, ...into.merged], into.id);
  }

  /** `from`, and whoever was merged into it, stand on their own again. */
  unmerge(write: MergeWrite, from: PersonState, into: PersonState): void {
    this.#merges.push(write);
    this.put(from);
    this.put(into);
    this.#lead([from.id, ...from.merged], from.id);
    this.#hold(from.identifiers, from.id);
  }

  #hold(identifiers: readonly PersonIdentifier[], person: PersonId): void {
    this.#holders ??= new Map();
    for (const identifier of identifiers) this.#holders.set(identifierKey(identifier), person);
  }

  #lead(persons: readonly PersonId[], root: PersonId): void {
    this.#roots ??= new Map();
    for (const person of persons) this.#roots.set(person, root);
  }

  /** A person as it was before it was merged in this batch. */
  former(id: PersonId): PersonState | undefined {
    return this.#persons.get(id) ?? this.#base.persons.get(id);
  }

  row(id: PersonId): PersonRow | undefined {
    return this.#base.rows.get(id);
  }

  /** Identifiers this person holds itself, merges not followed; as they were before this batch. */
  ownIdentifiers(id: PersonId): readonly PersonIdentifier[] {
    return this.#base.ownIdentifiers.get(id) ?? [];
  }

  /** Merges that stand, of persons that a message of this batch takes apart. */
  get standing(): readonly StandingMerge[] {
    const done = [...this.#base.merges, ...this.#merges];
    const undone = (one: StandingMerge): boolean => done.some(({ undo, from, into }) => undo && from === one.from && into === one.into);
    return [...this.#base.standing.filter((one) => !undone(one)), ...done.filter(({ undo }) => !undo)];
  }

  commit(): void {
    const base = this.#base;
    for (const [id, state] of this.#persons) base.persons.set(id, state);
    if (this.#holders !== null) for (const [key, id] of this.#holders) base.holders.set(key, id);
    if (this.#keys !== null) for (const [key, id] of this.#keys) base.keys.set(key, id);
    if (this.#roots !== null) for (const [id, root] of this.#roots) base.roots.set(id, root);
    for (const [id, item] of this.#known) base.known.set(id, item);
    for (const [id, learned] of this.#learned) {
      const before = base.touched.get(id);
      if (before === undefined) base.touched.set(id, [...learned]);
      else before.push(...learned);
    }
    base.items.push(...this.#items);
    base.merges.push(...this.#merges);
  }
}
