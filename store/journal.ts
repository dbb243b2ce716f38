import { ThroughcareError } from '../records/faults.ts';
import { brandAs, type MessageId } from '../records/ids.ts';
import type { Arrival, IntakeResult, JournalPort } from '../records/intake.ts';
import { silent, type Telemetry } from '../records/telemetry.ts';
import type { ContentStore } from './content.ts';
import type { HotBytes } from './hot-bytes.ts';
import { type Flushed, Flusher } from './intake/flusher.ts';
import { INLINE, prepare } from './intake/prepare.ts';
import { type IntakeRow, resultOf, STORED } from './intake/rows.ts';
import type { Database } from './pool.ts';
import type { Vault } from './vault.ts';

export interface JournalOptions {
  readonly database: Database;
  readonly vault: Vault;
  readonly content: ContentStore;
  /** Row id of this daemon: names its flushes. */
  readonly daemon: number;
  readonly telemetry?: Telemetry;
  /** Milliseconds after which an append is given up. */
  readonly patience?: number;
  /** Milliseconds one statement may take before it is cut and looked after. */
  readonly statement?: number;
  /** Bytes of bodies that may wait; beyond that appends are refused. */
  readonly mostWaiting?: number;
  /** Where the bytes of what was stored wait for the leader. */
  readonly received?: HotBytes<MessageId>;
  /** Called after each commit that left something to process. */
  readonly onStored?: (count: number) => void;
}

interface Waiting {
  row: IntakeRow | undefined;
  readonly connection: string | undefined;
  readonly size: number;
  readonly until: number;
  settle: ((result: IntakeResult) => void) | undefined;
  fail: ((error: unknown) => void) | undefined;
}

const MOST_ROWS = 500;
const MOST_BYTES = 8 * 1024 * 1024;
const PATIENCE = 15_000;
const STATEMENT = 5_000;
const MOST_WAITING = 128 * 1024 * 1024;
/**
 * Where several senders wait at once their next messages are about to come: for this millisecond at most, and no longer than until
 * all of them are back, a commit is kept waiting, which makes one commit of two. A lone sender waits for nothing.
 */
const LINGER = 1;
/** How often overdue appends are looked for. */
const CHECK = 250;

/**
 * The way into the journal: whatever waits is written by one statement and one commit, in order of arrival, with one
 * flush under way at a time. A promise resolves only after its commit; it rejects, and the sender is not acknowledged,
 * when the store does not take the message in time.
 */
export class Journal implements JournalPort {
  readonly #options: JournalOptions;
  readonly #telemetry: Telemetry;
  readonly #flusher: Flusher;
  readonly #patience: number;
  readonly #mostWaiting: number;
  #queue: Waiting[] = [];
  #flying: readonly Waiting[] = [];
  #waitingBytes = 0;
  #unready = 0;
  #scheduled = false;
  /** A flush that waits for company. */
  #lingering: NodeJS.Timeout | undefined;
  /** How many senders lately waited at once. */
  #company = 0;
  #closing = false;
  #idle: (() => void) | undefined;
  readonly #timer: NodeJS.Timeout;

  constructor(options: JournalOptions) {
    this.#options = options;
    this.#telemetry = options.telemetry ?? silent;
    this.#patience = options.patience ?? PATIENCE;
    this.#mostWaiting = options.mostWaiting ?? MOST_WAITING;
    this.#flusher = new Flusher(options.database, options.daemon, options.statement ?? STATEMENT);
    this.#timer = setInterval(() => this.#giveUpOverdue(), CHECK);
    this.#timer.unref();
  }

  /** Bytes of bodies that wait for their commit: adapters read no further while this is high. */
  get waitingBytes(): number {
    return this.#waitingBytes;
  }

  append(arrival: Arrival): Promise<IntakeResult> {
    if (this.#closing) return Promise.reject(new ThroughcareError('store-unavailable', 'the journal is closing'));
    if (this.#waitingBytes + arrival.body.length > this.#mostWaiting && this.#waitingBytes > 0)
      return Promise.reject(new ThroughcareError('store-unavailable', 'too many bytes are waiting for the store'));
    return new Promise((settle, fail) => {
      const waiting: Waiting = {
        row: undefined,
        connection: arrival.connection,
        size: arrival.body.length,
        until: performance.now() + this.#patience,
        settle,
        fail,
      };
      let row: IntakeRow | Promise<IntakeRow>;
      try {
        row = prepare(arrival, this.#options.vault, this.#options.content);
      } catch (error) {
        fail(error);
        return;
      }
      this.#waitingBytes += waiting.size;
      this.#queue.push(waiting);
      if (row instanceof Promise) this.#await(waiting, row);
      else waiting.row = row;
      this.#schedule();
    });
  }

  /** A large body is being stored; what came after it on the same connection waits for it. */
  #await(waiting: Waiting, row: Promise<IntakeRow>): void {
    this.#unready += 1;
    row
      .then(
        (ready) => {
          waiting.row = ready;
        },
        (error: unknown) => {
          this.#queue = this.#queue.filter((w) => w !== waiting);
          this.#finish(waiting, { failure: error });
        },
      )
      .finally(() => {
        this.#unready -= 1;
        this.#schedule();
        this.#tellIdle();
      });
  }

  /** After the present turn of the event loop, so that everything that came in with it shares a commit. */
  #schedule(): void {
    if (this.#scheduled || this.#flying.length > 0 || this.#queue.length === 0) return;
    if (this.#company > 1 && this.#queue.length < this.#company && !this.#closing) {
      this.#lingering ??= setTimeout(() => this.#flushSoon(), LINGER);
      return;
    }
    this.#scheduled = true;
    setImmediate(() => this.#flushSoon());
  }

  #flushSoon(): void {
    clearTimeout(this.#lingering);
    this.#lingering = undefined;
    this.#scheduled = false;
    if (this.#flying.length === 0) void this.#flushOnce();
  }

  async #flushOnce(): Promise<void> {
    const batch = this.#take();
    if (batch.length === 0) return;
    this.#flying = batch;
    const began = performance.now();
    const rows: IntakeRow[] = [];
    for (const waiting of batch) if (waiting.row !== undefined) rows.push(waiting.row);
    const until = Math.max(...batch.map((w) => w.until));
    const flushed = await this.#flusher.write(rows, until);
    this.#telemetry.observe('journal_flush', (performance.now() - began) / 1000);
    this.#flying = [];
    // Those answered now and those who came meanwhile: as many may be back at once.
    this.#company = Math.min(MOST_ROWS, Math.max(batch.length + this.#queue.length, Math.floor(this.#company * 0.9)));
    let stored = 0;
    batch.forEach((waiting, ordinal) => {
      const result = flushed[ordinal] ?? { failure: new RangeError('the flush lost a row') };
      if ('outcome' in result && result.outcome === STORED) {
        stored += 1;
        if (waiting.row?.contentId === null) this.#options.received?.put(brandAs<MessageId>(result.id), waiting.row.arrival.body);
      }
      this.#finish(waiting, result);
    });
    if (stored > 0) this.#options.onStored?.(stored);
    this.#schedule();
    this.#tellIdle();
  }

  #tellIdle(): void {
    if (this.#queue.length === 0 && this.#flying.length === 0) this.#idle?.();
  }

  /** The next batch, in order of arrival; a connection whose earlier message is not ready gives nothing. */
  #take(): Waiting[] {
    const batch: Waiting[] = [];
    const left: Waiting[] = [];
    const blocked = this.#unready > 0 ? new Set<string>() : undefined;
    let bytes = 0;
    let full = false;
    for (const waiting of this.#queue) {
      // Once one does not fit, none behind it may overtake it.
      full ||= batch.length >= MOST_ROWS || (batch.length > 0 && bytes + Math.min(waiting.size, INLINE) > MOST_BYTES);
      const behind = waiting.connection !== undefined && blocked?.has(waiting.connection) === true;
      if (full || behind || waiting.row === undefined) {
        left.push(waiting);
        if (waiting.connection !== undefined) blocked?.add(waiting.connection);
      } else {
        batch.push(waiting);
        bytes += Math.min(waiting.size, INLINE);
      }
    }
    this.#queue = left;
    return batch;
  }

  #finish(waiting: Waiting, result: Flushed): void {
    const { settle, fail } = waiting;
    if (settle === undefined || fail === undefined) return;
    waiting.settle = undefined;
    waiting.fail = undefined;
    this.#waitingBytes -= waiting.size;
    if ('failure' in result) fail(result.failure);
    else settle(resultOf(result));
  }

  /** Nobody waits beyond their time, whatever the store does. What was given up may be in the journal all the same: a resend is a duplicate. */
  #giveUpOverdue(): void {
    const now = performance.now();
    const overdue = [...this.#flying, ...this.#queue].filter((w) => w.settle !== undefined && w.until <= now);
    if (overdue.length === 0) return;
    const gone = new Set(overdue);
    this.#queue = this.#queue.filter((w) => !gone.has(w));
    this.#telemetry.warn('journal-gave-up', { messages: overdue.length });
    for (const waiting of overdue) this.#finish(waiting, { failure: new ThroughcareError('store-unavailable', 'no commit in time') });
    this.#tellIdle();
  }

  /** Takes nothing more and resolves when what was taken has been answered. */
  async close(): Promise<void> {
    this.#closing = true;
    if (this.#queue.length > 0 || this.#flying.length > 0) {
      await new Promise<void>((resolve) => {
        this.#idle = resolve;
      });
    }
    clearInterval(this.#timer);
  }
}
