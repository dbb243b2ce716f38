import type { Retry } from '../../config/types.ts';

/** Asked at least so often, whatever the pauses. */
const LEAST = 3;
const MOST = 100;

/**
 * How often the service is to be asked for a message before a person is, so that the last time lies `settleMs` or more behind the first.
 * The pauses between are those of the destination's `retry`, shortened by chance by up to a fifth.
 */
export const asksFor = ({ first, most, factor }: Retry, settleMs: number): number => {
  let asks = 1;
  for (let passed = 0; passed < settleMs && asks < MOST; asks += 1) passed += Math.min(most, first * factor ** (asks - 1)) * 0.8;
  return Math.max(LEAST, asks);
};
