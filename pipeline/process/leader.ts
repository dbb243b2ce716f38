import type { MessageId, Token } from '../../records/ids.ts';
import type { Telemetry } from '../../records/telemetry.ts';
import { LowWater } from './low-water.ts';

/** Lease 'process', as the leader needs it. `take` is refused while another daemon holds it. */
export interface LeaderLease {
  /** `clean` is false where the last holder did not give the lease back: it died, perhaps of a message. */
  take(): Promise<{ readonly token: Token; readonly clean: boolean } | null>;
  renew(token: Token): Promise<boolean>;
  release(token: Token): Promise<void>;
}

/** `tries`: how often it was counted before a try that may have ended a leader. */
export interface SuspectMessage {
  readonly id: MessageId;
  readonly tries: number;
}

export interface BatchReport {
  readonly messages: number;
  /** Highest message id handled. */
  readonly last: number;
}

export interface LeaderParts {
  readonly lease: LeaderLease;
  /** Decides and commits up to `limit` unprocessed messages above `low`. */
  readonly batch: (token: Token, low: number, limit: number) => Promise<BatchReport>;
  /** Is anything unprocessed? Asked by an idle leader, which then need not open a batch. */
  readonly pending: () => Promise<boolean>;
  /** The first unprocessed messages, for the search for a poisonous one. */
  readonly first: (limit: number) => Promise<readonly SuspectMessage[]>;
  /** Counts a try of these, committed at once; resolves with the most that any of them has now. */
  readonly countTry: (token: Token, ids: readonly MessageId[]) => Promise<number>;
  readonly holdAlone: (token: Token, id: MessageId, reason: 'poison' | 'internal') => Promise<void>;
  /** True where trying again may help (connection gone, deadlock); false where the batch itself is at fault. */
  readonly isTransient: (error: unknown) => boolean;
  readonly isLeaseLost: (error: unknown) => boolean;
  readonly telemetry: Telemetry;
  readonly now: () => number;
  /** Most messages of one batch. */
  readonly limit: number;
  /** How long an idle leader sleeps before it looks for messages of other daemons, ms. */
  readonly idleMs: number;
}

/**
 * While messages keep coming, a batch begins this many milliseconds after the one before it began, or at once when a full one waits:
 * a transaction costs much the same for three messages as for thirty. The first message after a rest waits for nothing.
 */
const PACE_MS = 40;
/** Messages looked at with care after a leader died. */
const CAREFUL = 500;
/** Of these, so many that were never suspected are tried together: a leader that was merely killed must not pay for each. */
const UNSUSPECTED = 50;
const RENEW_MS = 1000;
/** How often the search starts from the lowest id again: a message released elsewhere has an old id. */
const LOOK_BACK_MS = 1000;
const TRIES = 3;

/**
 * The one processing leader among all daemons. States: *waiting* for the lease → *leading* (batches) → *waiting* (lease lost, or the store away).
 * A batch that fails of itself is halved until one message is left; that one is held and its neighbours go on.
 */
export class Leader {
  readonly #parts: LeaderParts;
  #running = false;
  #loop: Promise<void> = Promise.resolve();
  #wake: (() => void) | null = null;
  #hurry: (() => void) | null = null;
  #woken = false;
  #lookBack = false;
  #leading = false;

  constructor(parts: LeaderParts) {
    this.#parts = parts;
  }

  get leading(): boolean {
    return this.#leading;
  }

  start(): void {
    this.#running = true;
    this.#loop = this.#run();
  }

  async stop(): Promise<void> {
    this.#running = false;
    this.wake(true);
    await this.#loop;
  }

  /** Called in process after intake, and after a release (`fromStart`): a released message has an old id. */
  wake(fromStart = false): void {
    this.#woken = true;
    if (fromStart) {
      this.#lookBack = true;
      this.#hurry?.();
    }
    this.#wake?.();
  }

  /** True where somebody woke it. */
  async #sleep(ms: number): Promise<boolean> {
    if (this.#woken) {
      this.#woken = false;
      return true;
    }
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#wake = null;
    const woken = this.#woken;
    this.#woken = false;
    return woken;
  }

  /** Lets more messages gather. A wake-up that says an older message was released, or that it is time to stop, is not kept waiting. */
  async #pace(ms: number): Promise<void> {
    if (ms < 1 || this.#lookBack || !this.#running) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#hurry = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#hurry = null;
  }

  async #run(): Promise<void> {
    const { lease, telemetry } = this.#parts;
    while (this.#running) {
      try {
        const taken = await lease.take();
        if (taken === null) {
          await this.#sleep(500);
          continue;
        }
        this.#leading = true;
        telemetry.event('leader-elected', { clean: taken.clean });
        try {
          if (!taken.clean) await this.#careful(taken.token);
          await this.#lead(taken.token);
        } finally {
          this.#leading = false;
        }
        await lease.release(taken.token);
      } catch (error) {
        if (!this.#parts.isLeaseLost(error)) telemetry.error('leader-interrupted', error);
        if (this.#running) await new Promise((resolve) => setTimeout(resolve, 200));
      }
    }
  }

  async #lead(token: Token): Promise<void> {
    const { now, batch, lease } = this.#parts;
    const water = new LowWater(now);
    let renewed = now();
    let lookedBack = now();
    while (this.#running) {
      let { low } = water;
      if (this.#lookBack || now() - lookedBack > LOOK_BACK_MS) {
        this.#lookBack = false;
        lookedBack = now();
        low = 0;
      }
      const began = now();
      let report: BatchReport;
      try {
        report = await batch(token, low, this.#parts.limit);
      } catch (error) {
        if (this.#parts.isLeaseLost(error) || this.#parts.isTransient(error)) throw error;
        this.#parts.telemetry.error('batch-failed', error, { low });
        report = await this.#isolate(token, low, this.#parts.limit);
      }
      if (report.messages > 0) {
        water.handled(report.last);
        renewed = now();
        if (report.messages < this.#parts.limit) await this.#pace(PACE_MS - (renewed - began));
        continue;
      }
      for (;;) {
        if (!this.#running || (await this.#sleep(this.#parts.idleMs))) break;
        if (await this.#parts.pending()) {
          // Another daemon's message, or one released there: its id may be lower than what was handled here.
          this.#lookBack = true;
          break;
        }
        if (now() - renewed > RENEW_MS) {
          if (!(await lease.renew(token))) return;
          renewed = now();
        }
      }
    }
  }

  /** Halves the failing batch until the message that fails alone is found and held. */
  async #isolate(token: Token, low: number, limit: number): Promise<BatchReport> {
    const half = Math.floor(limit / 2);
    if (half < 1) {
      const id = (await this.#parts.first(1 << 16)).find((candidate) => candidate.id > low)?.id;
      if (id === undefined) return { messages: 0, last: low };
      await this.#parts.holdAlone(token, id, 'internal');
      this.#parts.telemetry.warn('message-isolated', { message: id, reason: 'internal' });
      return { messages: 1, last: id };
    }
    try {
      return await this.#parts.batch(token, low, half);
    } catch (error) {
      if (this.#parts.isLeaseLost(error) || this.#parts.isTransient(error)) throw error;
      return this.#isolate(token, low, half);
    }
  }

  /**
   * After a leader died: the first messages are counted before they are tried, so that one that kills is found. Those never counted
   * go in small batches; whoever was in a batch or alone when a leader died goes alone.
   */
  async #careful(token: Token): Promise<void> {
    let together: MessageId[] = [];
    for (const { id, tries } of await this.#parts.first(CAREFUL)) {
      if (!this.#running) return;
      if (tries === 0 && together.length < UNSUSPECTED) {
        together.push(id);
        continue;
      }
      await this.#together(token, together);
      together = tries === 0 ? [id] : [];
      if (tries > 0) await this.#alone(token, id);
    }
    await this.#together(token, together);
  }

  async #together(token: Token, ids: readonly MessageId[]): Promise<void> {
    const [first] = ids;
    if (first === undefined) return;
    await this.#parts.countTry(token, ids);
    try {
      await this.#parts.batch(token, first - 1, ids.length);
    } catch (error) {
      if (this.#parts.isLeaseLost(error) || this.#parts.isTransient(error)) throw error;
      for (const id of ids) await this.#alone(token, id);
    }
  }

  async #alone(token: Token, id: MessageId): Promise<void> {
    if ((await this.#parts.countTry(token, [id])) > TRIES) {
      await this.#parts.holdAlone(token, id, 'poison');
      this.#parts.telemetry.warn('message-isolated', { message: id, reason: 'poison' });
      return;
    }
    await this.#parts.batch(token, id - 1, 1).catch(async (error: unknown) => {
      if (this.#parts.isLeaseLost(error) || this.#parts.isTransient(error)) throw error;
      await this.#parts.holdAlone(token, id, 'internal');
    });
  }
}
