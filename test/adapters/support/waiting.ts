import { setTimeout as sleep } from 'node:timers/promises';

/** Waits until something holds; fails with `what` when it does not come about (the limit catches a hang, it measures nothing). */
export const until = async (what: string, holds: () => boolean | Promise<boolean>, limit = 15_000): Promise<void> => {
  for (let waited = 0; waited < limit; waited += 5) {
    if (await holds()) return;
    await sleep(5);
  }
  throw new Error(`did not come about: ${what}`);
};

/** A promise to be resolved by the test. */
export class Gate<T = void> {
  readonly opened: Promise<T>;
  open: (value: T) => void = () => {};
  fail: (error: Error) => void = () => {};
  constructor() {
    this.opened = new Promise<T>((resolve, reject) => {
      this.open = resolve;
      this.fail = reject;
    });
  }
}
