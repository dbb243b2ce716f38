import type { PersonId } from '../../records/ids.ts';
import { identifierKey } from '../../records/process.ts';
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

  /** As last seen, whatever has become of them since. */
  peek(id: PersonId): PersonState | undefined {
    return this.#states.get(id);
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

  /** Who held the identifier (by `identifierKey`) when last seen: so it is still where the person has the version of then. */
  holder(key: string): PersonId | undefined {
    return this.#holders.get(key);
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
