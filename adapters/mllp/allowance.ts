/** One that holds bytes: a connection. */
export interface Holder {
  /** Called when it may be allowed to read again; it asks `mayRead` anew. */
  wake(): void;
}

/**
 * Bounds what all connections of a source hold together: half frames, and whole frames on their way to the journal. Above
 * the limit connections stop reading, all but one: it alone may finish its frame, so that many half frames cannot block
 * each other for ever. Memory is thus bounded by the limit and one frame.
 */
export class Allowance {
  readonly #limit: number;
  #used = 0;
  #only: Holder | null = null;
  readonly #stopped = new Set<Holder>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  get used(): number {
    return this.#used;
  }

  /** Notes that a holder holds `after` bytes where it held `before`. */
  change(holder: Holder, before: number, after: number): void {
    this.#used += after - before;
    if (after >= before) return;
    if (this.#only === holder && after === 0) this.#only = null;
    if (this.#used < this.#limit) this.#only = null;
    if (this.#stopped.size > 0 && (this.#only === null || this.#used < this.#limit)) this.#wakeAll();
  }

  mayRead(holder: Holder): boolean {
    if (this.#used < this.#limit) return true;
    this.#only ??= holder;
    if (this.#only === holder) return true;
    this.#stopped.add(holder);
    return false;
  }

  /** The holder is gone and holds nothing any more (`change` has been told). */
  leave(holder: Holder): void {
    this.#stopped.delete(holder);
    if (this.#only !== holder) return;
    this.#only = null;
    this.#wakeAll();
  }

  /** In the order in which they were stopped; whoever may not read yet is stopped again. */
  #wakeAll(): void {
    const waiting = [...this.#stopped];
    this.#stopped.clear();
    for (const holder of waiting) holder.wake();
  }
}
