import { inspect } from 'node:util';
import { livedTime } from './lived-time.ts';

export interface Patience {
  /** Milliseconds until it is given up; generous, since a loaded machine must not fail a right product. What it stood still does not count. */
  readonly within?: number;
  /** Milliseconds between two looks. */
  readonly every?: number;
  /** What is waited for, said at failure. */
  readonly what?: string;
}

/**
 * Looks again and again until `enough(value)` holds, and returns that value. At the deadline it throws an error that shows the last
 * value seen, or the last error of `look`.
 */
export async function eventually<T>(
  look: () => T | Promise<T>,
  enough: (value: T) => boolean = Boolean,
  { within = 20_000, every = 25, what = 'the condition' }: Patience = {},
): Promise<T> {
  const waited = livedTime();
  try {
    for (;;) {
      let last: string;
      let cause: unknown;
      try {
        const value = await look();
        if (enough(value)) return value;
        last = `last seen: ${inspect(value, { depth: 6 })}`;
      } catch (error) {
        cause = error;
        last = `last error: ${error instanceof Error ? error.message : String(error)}`;
      }
      if (waited.ms() >= within) throw new Error(`${what} did not come within ${within} ms; ${last}`, { cause });
      await new Promise((resolve) => setTimeout(resolve, every));
    }
  } finally {
    waited.stop();
  }
}
