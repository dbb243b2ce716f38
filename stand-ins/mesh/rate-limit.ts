/** Counts a mailbox's requests in stretches of the server's time. */
export class RateLimit {
  readonly #requests: number;
  readonly #stretch: number;
  readonly #counts = new Map<string, { began: number; count: number }>();

  constructor({ requests, seconds }: { readonly requests: number; readonly seconds: number }) {
    this.#requests = requests;
    this.#stretch = seconds * 1000;
  }

  /** Seconds to wait, at least 1; 0: go on. `now` in milliseconds. */
  wait(mailbox: string, now: number): number {
    const current = this.#counts.get(mailbox);
    if (current === undefined || now >= current.began + this.#stretch) {
      this.#counts.set(mailbox, { began: now, count: 1 });
      return 0;
    }
    current.count += 1;
    return current.count <= this.#requests ? 0 : Math.max(1, Math.ceil((current.began + this.#stretch - now) / 1000));
  }
}
