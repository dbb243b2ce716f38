/** Bytes held at most beside the entries themselves; enough for what is between two stages, nowhere near what a backlog needs. */
const MOST_BYTES = 16 * 1024 * 1024;
const MOST_ENTRIES = 8_192;
/** Larger ones are few, and reading them again costs little beside the rest of their way. */
const LARGEST = 64 * 1024;

/**
 * Plain bytes that this process has just sealed into the store and will want back in a moment: a message on its way from the journal to
 * the leader, a payload on its way from the leader to its destination. They need not be fetched and unsealed then. The store is the
 * truth: an entry may be gone at any time, and one that is there never differs from what was sealed under its name.
 */
export class HotBytes<K> {
  readonly #entries = new Map<K, Buffer>();
  #bytes = 0;

  put(name: K, bytes: Buffer): void {
    this.#drop(name);
    if (bytes.length > LARGEST) return;
    this.#entries.set(name, bytes);
    this.#bytes += bytes.length;
    if (this.#bytes <= MOST_BYTES && this.#entries.size <= MOST_ENTRIES) return;
    for (const [oldest, old] of this.#entries) {
      if (this.#bytes <= MOST_BYTES && this.#entries.size <= MOST_ENTRIES) break;
      this.#entries.delete(oldest);
      this.#bytes -= old.length;
    }
  }

  get(name: K): Buffer | undefined {
    return this.#entries.get(name);
  }

  #drop(name: K): void {
    const old = this.#entries.get(name);
    if (old === undefined) return;
    this.#entries.delete(name);
    this.#bytes -= old.length;
  }
}
