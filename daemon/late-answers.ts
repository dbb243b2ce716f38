import { setTimeout as sleep } from 'node:timers/promises';
import type { LateAnswer } from '../adapters/registry.ts';
import type { FiledHead } from '../records/process.ts';
import type { Telemetry } from '../records/telemetry.ts';
import { refuseLate } from '../store/lanes/late.ts';
import { confirmDelivery } from '../store/lanes/operator.ts';
import type { Database } from '../store/pool.ts';
import type { Vault } from '../store/vault.ts';

/** The acceptance is filed with others of its turn: an answer that overtakes it is filed again after these pauses, ms. */
const PAUSES = [20, 100, 500, 2_000, 10_000, 30_000];

/** Files what receivers say of a message after they had accepted it (enhanced mode): AA confirms the delivery, anything else is kept, or holds it. */
export class LateAnswers {
  readonly #database: Database;
  readonly #vault: Vault;
  readonly #telemetry: Telemetry;
  readonly #onHeads: (heads: readonly FiledHead[]) => void;
  readonly #under = new Set<Promise<void>>();
  readonly #stopping = new AbortController();

  constructor(database: Database, vault: Vault, telemetry: Telemetry, onHeads: (heads: readonly FiledHead[]) => void) {
    this.#database = database;
    this.#vault = vault;
    this.#telemetry = telemetry;
    this.#onHeads = onHeads;
  }

  take(answer: LateAnswer): void {
    const work = this.#file(answer).finally(() => this.#under.delete(work));
    this.#under.add(work);
  }

  async #file(answer: LateAnswer): Promise<void> {
    for (const pause of [...PAUSES, null]) {
      try {
        if (await this.#once(answer)) return;
      } catch (error) {
        this.#telemetry.error('late-answer-failed', error, { delivery: answer.delivery });
      }
      if (pause === null || this.#stopping.signal.aborted) break;
      await sleep(pause, undefined, { signal: this.#stopping.signal }).catch(() => {});
    }
    this.#telemetry.warn('late-answer-unfiled', { delivery: answer.delivery, code: answer.code });
  }

  /** False where the delivery is not filed as handed over yet. */
  async #once({ delivery, code, reply }: LateAnswer): Promise<boolean> {
    if (code === 'AA') {
      const { outcome, heads } = await confirmDelivery(this.#database, this.#vault, delivery, code);
      this.#onHeads(heads);
      return outcome === 'done' || outcome === 'already' || outcome === 'not-found';
    }
    // Accepted once more says nothing new.
    if (code === 'CA') return true;
    const fault = code === 'AR' || code === 'CR' ? 'answer-reject' : 'answer-error';
    const { outcome } = await refuseLate(this.#database, this.#vault, { delivery, code: fault, receiptCode: code, reply });
    return outcome !== 'too-soon';
  }

  /** Files what there is once more, and waits no longer. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await Promise.all(this.#under);
  }
}
