import { createHash } from 'node:crypto';

const HOUR = 3_600_000;

/** Which tokens were used, by the hour, for as long as one of them could still be taken: what is older fails the clock check. */
export class TokensSeen {
  readonly #hours = new Map<number, Set<string>>();

  /** False: it was used before. `at` and `now` in milliseconds, `window` how far a token's time may lie from the server's. */
  first(mailbox: string, nonce: string, count: number, now: number, window: number): boolean {
    // Half a digest is enough to tell tokens apart, and small.
    const key = createHash('sha256').update(`${mailbox}:${nonce.toLowerCase()}:${count}`).digest().toString('latin1', 0, 16);
    const hour = Math.floor(now / HOUR);
    // A token may be dated ahead by the window and stays good for as long behind.
    const oldest = hour - Math.ceil((2 * window) / HOUR) - 1;
    for (const [past, keys] of this.#hours) {
      if (past < oldest) this.#hours.delete(past);
      else if (keys.has(key)) return false;
    }
    const keys = this.#hours.get(hour) ?? new Set<string>();
    this.#hours.set(hour, keys.add(key));
    return true;
  }
}
