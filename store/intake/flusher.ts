import { setTimeout as sleep } from 'node:timers/promises';
import { ThroughcareError } from '../../records/faults.ts';
import { ensurePartitions } from '../partitions.ts';
import { type Database, isContention, isUnavailable, StoreError } from '../pool.ts';
import { flushCarefully } from './careful.ts';
import { flushNew, hasTwins } from './fast.ts';
import { FenceLost, fenceKey } from './fences.ts';
import type { IntakeRow, Settled } from './rows.ts';

/** What became of a row, or why the store did not take it. */
export type Flushed = Settled | { readonly failure: unknown };

/** After a known key was met, so many flushes go the careful way at once: resends come in runs. */
const CAREFUL_FOR = 16;
const PRUNE_EVERY = 256;
const FIRST_WAIT = 20;
const LONGEST_WAIT = 500;

/**
 * Brings one batch of rows into the journal and keeps at it until it knows how it ended, or the deadline has passed.
 * A batch whose commit went unanswered runs again under the same number: it finds itself, or waits for itself.
 * Only one flush at a time.
 */
export class Flusher {
  readonly #database: Database;
  readonly #daemon: number;
  /** Milliseconds one statement may take. */
  readonly #timeout: number;
  #flush = 0;
  #careful = 0;

  constructor(database: Database, daemon: number, timeout: number) {
    this.#database = database;
    this.#daemon = daemon;
    this.#timeout = timeout;
  }

  /** `until` is on the clock of `performance.now()`. Resolves with one entry a row, in their order; never rejects. */
  async write(rows: readonly IntakeRow[], until: number): Promise<readonly Flushed[]> {
    const flush = ++this.#flush;
    if (flush % PRUNE_EVERY === 0) this.#prune(flush);
    try {
      return await this.#persist(flush, rows, until);
    } catch (failure) {
      if (failure instanceof FenceLost) return this.#without(failure, rows, until);
      // The server itself refused: nothing of the batch is in. One row is to blame; its neighbours go on without it.
      if (rows.length === 1 || isUnavailable(failure) || !(failure instanceof StoreError)) return rows.map(() => ({ failure }));
      const middle = Math.ceil(rows.length / 2);
      return [...(await this.write(rows.slice(0, middle), until)), ...(await this.write(rows.slice(middle), until))];
    }
  }

  /** What was fetched under a lease that is lost is refused; its neighbours go on without it. */
  async #without({ lost }: FenceLost, rows: readonly IntakeRow[], until: number): Promise<readonly Flushed[]> {
    const isLost = ({ arrival: { fence } }: IntakeRow): boolean => fence !== undefined && lost?.has(fenceKey(fence)) !== false;
    const left = rows.filter((row) => !isLost(row));
    const flushed = left.length === 0 ? [] : [...(await this.write(left, until))];
    return rows.map((row) =>
      isLost(row)
        ? { failure: new ThroughcareError('lease-lost') }
        : (flushed.shift() ?? { failure: new RangeError('the flush lost a row') }),
    );
  }

  async #persist(flush: number, rows: readonly IntakeRow[], until: number): Promise<readonly Settled[]> {
    let careful = this.#careful > 0 || hasTwins(rows);
    if (this.#careful > 0) this.#careful -= 1;
    let partitioned = false;
    for (let wait = FIRST_WAIT; ; ) {
      try {
        const way = careful ? flushCarefully : flushNew;
        return await way(this.#database, this.#daemon, flush, rows, this.#timeout);
      } catch (error) {
        if (isUnavailable(error)) {
          if (performance.now() + wait >= until) throw error;
          // It may have been committed: from here on only the careful way, which looks first.
          careful = true;
          await sleep(wait);
          wait = Math.min(LONGEST_WAIT, wait * 2);
        } else if (!careful && error instanceof FenceLost) {
          // Which of them is lost, the careful way tells.
          careful = true;
        } else if (!careful && isContention(error)) {
          careful = true;
          this.#careful = CAREFUL_FOR;
        } else if (!partitioned && error instanceof StoreError && error.state === '23514') {
          partitioned = true;
          await ensurePartitions(this.#database);
        } else {
          throw error;
        }
      }
    }
  }

  /** Own flushes long done with; those of other daemons are the maintenance's. */
  #prune(flush: number): void {
    this.#database
      .query('delete from intake where daemon_id = $1 and flush < $2', [this.#daemon, flush - 16], { name: 'intake-prune' })
      .catch(() => {
        // Pruned with the next ones.
      });
  }
}
