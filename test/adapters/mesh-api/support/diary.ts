import type { Lease, Leases, MailboxDiary } from '../../../../records/far-side.ts';
import { brandAs, type Token } from '../../../../records/ids.ts';

/** The store's memory of mailboxes, shared by the daemons of a test. */
export class TestDiary implements MailboxDiary {
  readonly #notes = new Map<string, number>();
  /** When each look began. */
  readonly looks: number[] = [];

  async read(mailbox: string) {
    const since = (what: string): number | null => {
      const at = this.#notes.get(`${mailbox} ${what}`);
      return at === undefined ? null : Date.now() - at;
    };
    return { sinceHandshakeMs: since('handshake'), sincePollMs: since('poll') };
  }

  async note(mailbox: string, what: 'handshake' | 'poll'): Promise<void> {
    const now = Date.now();
    this.#notes.set(`${mailbox} ${what}`, now);
    if (what === 'poll') this.looks.push(now);
  }
}

/** Rights that one at a time has. `lose` takes one away, as a database that cannot be reached would. */
export class TestLeases implements Leases {
  readonly #held = new Map<string, { readonly token: number; readonly lost: AbortController }>();
  readonly #tokens = new Map<string, number>();
  readonly taken: string[] = [];

  async take(name: string): Promise<Lease | null> {
    if (this.#held.has(name)) return null;
    const token = (this.#tokens.get(name) ?? 0) + 1;
    this.#tokens.set(name, token);
    const lost = new AbortController();
    const held = { token, lost };
    this.#held.set(name, held);
    this.taken.push(name);
    return {
      name,
      token: brandAs<Token>(token),
      lost: lost.signal,
      release: async () => {
        if (this.#held.get(name) === held) this.#held.delete(name);
      },
    };
  }

  lose(name: string): void {
    this.#held.get(name)?.lost.abort();
    this.#held.delete(name);
  }

  newest(name: string): number {
    return this.#tokens.get(name) ?? 0;
  }
}
