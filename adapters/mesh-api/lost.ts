import type { DeliveryId } from '../../records/ids.ts';

/** Entries of deliveries that a person has decided since are of no use; so many are kept at most. */
const MOST = 10_000;

interface Entry {
  /** When the outcome became unknown, as far as this process knows. */
  readonly since: number;
  /** Id of a message that was begun and could not be noted. */
  readonly farId: string | null;
}

/**
 * What this process remembers of attempts whose outcome is unknown. After a restart it is empty, and times count from when a delivery is
 * first asked for: later than it was, so never too early.
 */
export class Lost {
  readonly #entries = new Map<DeliveryId, Entry>();
  readonly #settleMs: number;
  readonly #now: () => number;

  /** `settleMs`: so long after it was lost, a message that the service does not know was not taken. `now`: ms that only go forward. */
  constructor(settleMs: number, now: () => number) {
    this.#settleMs = settleMs;
    this.#now = now;
  }

  /** The answer to an attempt was lost just now. */
  at(delivery: DeliveryId): void {
    this.#put(delivery, { since: this.#now(), farId: null });
  }

  /** The service has begun to take it, and that is not noted yet. */
  begun(delivery: DeliveryId, farId: string): void {
    this.#put(delivery, { since: this.#now(), farId });
  }

  farId(delivery: DeliveryId): string | null {
    return this.#entries.get(delivery)?.farId ?? null;
  }

  /** Whether it was lost long enough ago. The first time it is asked for, where nothing is known, counts as the loss. */
  settled(delivery: DeliveryId): boolean {
    const entry = this.#entries.get(delivery);
    if (entry === undefined) this.at(delivery);
    const settled = this.#now() - (entry?.since ?? this.#now()) >= this.#settleMs;
    if (settled) this.#entries.delete(delivery);
    return settled;
  }

  forget(delivery: DeliveryId): void {
    this.#entries.delete(delivery);
  }

  #put(delivery: DeliveryId, entry: Entry): void {
    this.#entries.delete(delivery);
    this.#entries.set(delivery, entry);
    for (const [oldest] of this.#entries) {
      if (this.#entries.size <= MOST) break;
      this.#entries.delete(oldest);
    }
  }
}
