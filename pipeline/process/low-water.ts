/**
 * A message id is drawn a moment before its flush commits, so ids become visible out of order: a daemon's flush may still be under way
 * when another's later ids are processed already. What it brings may be followed, once acknowledged, by messages of the same patient;
 * they must not overtake it. After this many ms no flush can be under way any more.
 */
const IN_FLIGHT_MS = 30_000;
/** Marks are kept this far apart. */
const GRAIN_MS = 1_000;

/** The id up to which the search for unprocessed messages may be spared: handled so long ago that nothing below it can still appear. */
export class LowWater {
  readonly #now: () => number;
  readonly #marks: { readonly at: number; readonly id: number }[] = [];
  #low = 0;

  /** `now`: milliseconds of a steady clock. */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** Every unprocessed message up to this id that was to be seen has been handled. */
  handled(id: number): void {
    const last = this.#marks.at(-1);
    const at = this.#now();
    // A higher id within the grain is told of by the next mark: later than need be, never too early.
    if (last === undefined || at - last.at >= GRAIN_MS) this.#marks.push({ at, id });
  }

  get low(): number {
    for (let first = this.#marks[0]; first !== undefined && this.#now() - first.at >= IN_FLIGHT_MS; first = this.#marks[0]) {
      this.#low = Math.max(this.#low, first.id);
      this.#marks.shift();
    }
    return this.#low;
  }
}
