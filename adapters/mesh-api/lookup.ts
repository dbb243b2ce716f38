/** Who takes a workflow for an organisation. */
export type Found = { readonly mailbox: string } | { readonly none: true } | { readonly several: number };

/** An answer that nobody is found is kept this long: whoever registers a mailbox is not to wait for a day. */
export const NEGATIVE_AGE = 5 * 60_000;

interface Kept {
  readonly found: Found;
  readonly at: number;
}

/**
 * Endpoint look-ups of one mailbox, kept for a time. A look-up that fails rejects as the service's failure, however recently an older
 * answer ran out: what was true yesterday may be another practice's mailbox today.
 */
export class Lookups {
  readonly #ask: (odsCode: string, workflow: string) => Promise<readonly string[]>;
  readonly #age: number;
  readonly #now: () => number;
  readonly #kept = new Map<string, Kept>();
  readonly #asking = new Map<string, Promise<Found>>();

  /** `ask`: mailbox ids, by the service. `age` in milliseconds. `now`: a clock that only goes forward, milliseconds. */
  constructor(ask: (odsCode: string, workflow: string) => Promise<readonly string[]>, age: number, now: () => number) {
    this.#ask = ask;
    this.#age = age;
    this.#now = now;
  }

  async find(odsCode: string, workflow: string): Promise<Found> {
    const key = `${odsCode}/${workflow}`;
    const kept = this.#kept.get(key);
    if (kept !== undefined) {
      const age = 'mailbox' in kept.found ? this.#age : Math.min(this.#age, NEGATIVE_AGE);
      if (this.#now() - kept.at < age) return kept.found;
    }
    const now = this.#asking.get(key);
    if (now !== undefined) return now;
    const asking = this.#look(key, odsCode, workflow).finally(() => this.#asking.delete(key));
    this.#asking.set(key, asking);
    return asking;
  }

  /** The service says that a mailbox that was found is none: the next delivery asks again. */
  forget(odsCode: string, workflow: string): void {
    this.#kept.delete(`${odsCode}/${workflow}`);
  }

  async #look(key: string, odsCode: string, workflow: string): Promise<Found> {
    const [mailbox, ...others] = await this.#ask(odsCode, workflow);
    const found: Found = mailbox === undefined ? { none: true } : others.length > 0 ? { several: others.length + 1 } : { mailbox };
    this.#kept.set(key, { found, at: this.#now() });
    return found;
  }
}
