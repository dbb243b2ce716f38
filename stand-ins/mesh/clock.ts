/** The server's time: the machine's, moved and hastened as a test wishes. It never goes back. */
export class MeshClock {
  readonly #began = Date.now();
  readonly #speed: number;
  #offset: number;

  /** `offset` in milliseconds, `speed` in server seconds a real second. */
  constructor({ offset = 0, speed = 1 }: { readonly offset?: number; readonly speed?: number } = {}) {
    this.#offset = offset;
    this.#speed = speed;
  }

  /** Milliseconds since 1970. */
  now(): number {
    return this.#began + Math.round((Date.now() - this.#began) * this.#speed) + this.#offset;
  }

  advance(milliseconds: number): void {
    if (!(milliseconds >= 0)) throw new RangeError('the clock of the stand-in only goes forward');
    this.#offset += milliseconds;
  }
}
