import { appendFileSync } from 'node:fs';
import { join } from 'node:path';

/** What was done to a run and when, on disk at once: a seed alone does not replay real processes. */
export class FaultLog {
  readonly file: string;
  readonly #counts = new Map<string, number>();
  readonly #began = Date.now();
  readonly #progress: () => string;

  /** `progress`: how far the run is, noted with every fault. */
  constructor(folder: string, progress: () => string) {
    this.#progress = progress;
    this.file = join(folder, 'faults.log');
  }

  /** Faults so far, by kind. */
  get counts(): ReadonlyMap<string, number> {
    return this.#counts;
  }

  fault(kind: string, what: string): void {
    this.#counts.set(kind, (this.#counts.get(kind) ?? 0) + 1);
    this.note(`${kind}: ${what} (${this.#progress()})`);
  }

  note(what: string): void {
    const now = new Date();
    appendFileSync(this.file, `${now.toISOString()} +${((now.getTime() - this.#began) / 1_000).toFixed(3)} ${what}\n`);
  }
}
