import type { SendResult } from '../../records/ports.ts';

/** Attempts in hand at one folder. A call into a dead network mount may not come back: an attempt is answered at its deadline, whatever it does. */
export class Attempts {
  readonly #open = new Set<Promise<unknown>>();
  #closed = false;

  /** `work` never rejects; `late` says what its step of then means. */
  run(deadline: AbortSignal, late: () => SendResult, work: () => Promise<SendResult>): Promise<SendResult> {
    if (deadline.aborted || this.#closed) return Promise.resolve(late());
    const running = work();
    this.#open.add(running);
    void running.then(() => this.#open.delete(running));
    return new Promise<SendResult>((answer) => {
      const end = () => answer(late());
      deadline.addEventListener('abort', end, { once: true });
      void running.then((result) => {
        deadline.removeEventListener('abort', end);
        answer(result);
      });
    });
  }

  /** Waits for what is in hand; takes no new work. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.allSettled([...this.#open]);
  }
}
