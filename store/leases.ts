import type { Lease, Leases } from '../records/far-side.ts';
import type { Token } from '../records/ids.ts';
import type { Telemetry } from '../records/telemetry.ts';
import { int8s, texts } from './arrays.ts';
import { ensureLease, type LeaseName, releaseLease, takeLease } from './lease.ts';
import type { Database } from './pool.ts';

/** In the order of their names, as everybody locks them: two daemons never wait for each other crosswise. */
const RENEW_ALL = `
with mine as (
  select l.name from lease l join unnest($1::text[], $2::int8[]) w(name, token) on l.name = w.name and l.token = w.token
  where l.holder = $3 order by l.name for no key update of l
)
update lease l set until = clock_timestamp() + $4::float8 * interval '1 ms' from mine where l.name = mine.name returning l.name`;

export interface LeaseParts {
  readonly database: Database;
  readonly daemon: number;
  /** How long a lease lasts without being renewed, ms. */
  readonly milliseconds: number;
  readonly telemetry: Telemetry;
}

/** The leases this daemon has; `close` gives them all back. */
export interface LeaseKeeper extends Leases {
  close(): Promise<void>;
}

const isMailbox = (name: string): name is LeaseName & `mailbox:${string}` => name.startsWith('mailbox:');

class Kept implements Lease {
  readonly name: LeaseName;
  readonly token: Token;
  readonly #lost = new AbortController();
  readonly #release: (lease: Kept) => Promise<void>;
  #timer: NodeJS.Timeout | undefined;

  constructor(name: LeaseName, token: Token, release: (lease: Kept) => Promise<void>) {
    this.name = name;
    this.token = token;
    this.#release = release;
  }

  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  /** `until` is on the clock of `performance.now()`: from then on another daemon may have it, whatever is known here. */
  keepUntil(until: number, onOverdue: () => void): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(onOverdue, Math.max(0, until - performance.now()));
    this.#timer.unref();
  }

  end(lost: boolean): void {
    clearTimeout(this.#timer);
    if (lost) this.#lost.abort(new Error(`the lease ${this.name} is lost`));
  }

  release(): Promise<void> {
    return this.#release(this);
  }
}

class Keeper implements LeaseKeeper {
  readonly #parts: LeaseParts;
  readonly #kept = new Map<string, Kept>();
  readonly #ensured = new Set<string>();
  readonly #timer: NodeJS.Timeout;
  #renewing: Promise<void> | null = null;
  #closed = false;

  constructor(parts: LeaseParts) {
    this.#parts = parts;
    this.#timer = setInterval(() => this.#renewAll(), Math.max(1, Math.floor(parts.milliseconds / 3)));
    this.#timer.unref();
  }

  async take(name: string): Promise<Lease | null> {
    if (!isMailbox(name)) throw new RangeError(`${name} is no mailbox’s lease`);
    if (this.#closed) return null;
    const { database, daemon, milliseconds } = this.#parts;
    if (!this.#ensured.has(name)) await ensureLease(database, name);
    this.#ensured.add(name);
    const asked = performance.now();
    const token = await takeLease(database, name, daemon, milliseconds);
    if (token === null) return null;
    // Whoever had it in this daemon before (a source that a reload replaces) has an old token now.
    const before = this.#kept.get(name);
    if (before !== undefined) this.#lose(before);
    const lease = new Kept(name, token, (kept) => this.#release(kept));
    this.#kept.set(name, lease);
    this.#keep(lease, asked);
    if (this.#closed) await lease.release();
    return this.#closed ? null : lease;
  }

  #keep(lease: Kept, asked: number): void {
    lease.keepUntil(asked + this.#parts.milliseconds, () => this.#lose(lease));
  }

  #lose(lease: Kept): void {
    if (this.#kept.get(lease.name) !== lease) return;
    this.#kept.delete(lease.name);
    lease.end(true);
    this.#parts.telemetry.warn('mailbox.lease-lost', { name: lease.name });
  }

  /** All in one statement: with hundreds of mailboxes a commit for each would be most of what the server does. */
  #renewAll(): void {
    if (this.#renewing !== null || this.#kept.size === 0) return;
    this.#renewing = this.#renew([...this.#kept.values()])
      // Until they run out it is tried again; then each tells its holder by itself.
      .catch((error: unknown) => this.#parts.telemetry.error('mailbox.lease-renew-failed', error))
      .finally(() => {
        this.#renewing = null;
      });
  }

  async #renew(leases: readonly Kept[]): Promise<void> {
    const { database, daemon, milliseconds } = this.#parts;
    const asked = performance.now();
    const rows = await database.query<{ name: string }>(
      RENEW_ALL,
      [texts(leases.map((lease) => lease.name)), int8s(leases.map((lease) => lease.token)), daemon, milliseconds],
      { name: 'lease-renew-all', timeout: milliseconds },
    );
    const kept = new Set(rows.map((row) => row.name));
    for (const lease of leases) {
      if (this.#kept.get(lease.name) !== lease) continue;
      if (kept.has(lease.name)) this.#keep(lease, asked);
      else this.#lose(lease);
    }
  }

  async #release(lease: Kept): Promise<void> {
    if (this.#kept.get(lease.name) !== lease) return;
    this.#kept.delete(lease.name);
    lease.end(false);
    await releaseLease(this.#parts.database, lease.name, this.#parts.daemon, lease.token);
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#timer);
    await this.#renewing;
    await Promise.all([...this.#kept.values()].map((lease) => lease.release()));
  }
}

export const createLeases = (parts: LeaseParts): LeaseKeeper => new Keeper(parts);
