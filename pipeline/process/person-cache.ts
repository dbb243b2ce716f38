import type { PersonId } from '../../records/ids.ts';
import { identifierKey, type PersonIdentifier } from '../../records/process.ts';
import type { PersonState } from './person-state.ts';

/**
 * Persons the leader has seen lately. Only the leader writes records, identifiers and merges, and every write raises
 * `person.version` under the lock, so a cached state with the row's version is the present one.
 */
export class PersonCache {
  readonly #limit: number;
  readonly #states = new Map<PersonId, PersonState>();
  readonly #holders = new Map<string, PersonId>();
  #items = 0;

  /** `limit` counts items (records held in memory), not persons: one person may have hundreds. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  get(id: PersonId, version: number): PersonState | undefined {
    const state = this.#states.get(id);
    if (state === undefined) return undefined;
    if (state.version !== version) {
      this.#forget(state);
      return undefined;
    }
    this.#states.delete(id);
    this.#states.set(id, state);
    return state;
  }

  put(state: PersonState): void {
    this.drop(state.id);
    this.#states.set(state.id, state);
    for (const identifier of state.identifiers) this.#holders.set(identifierKey(identifier), state.id);
    this.#items += weight(state);
    for (const [id] of this.#states) {
      if (this.#items <= this.#limit) break;
      this.drop(id);
    }
  }

  drop(id: PersonId): void {
    const old = this.#states.get(id);
    if (old === undefined) return;
    this.#forget(old);
  }

  #forget(old: PersonState): void {
    this.#states.delete(old.id);
    for (const identifier of old.identifiers) this.#holders.delete(identifierKey(identifier));
    this.#items -= weight(old);
  }

  /** Who held these when last seen: a guess, for the index alone knows. */
  holders(identifiers: readonly PersonIdentifier[]): PersonId[] {
    const found = new Set<PersonId>();
    for (const identifier of identifiers) {
      const holder = this.#holders.get(identifierKey(identifier));
      if (holder !== undefined) found.add(holder);
    }
    return [...found];
  }

  clear(): void {
    this.#states.clear();
    this.#holders.clear();
    this.#items = 0;
  }

  get size(): number {
    return this.#states.size;
  }
}

const weight = (state: PersonState): number => 1 + state.identifiers.length + state.items.size;
