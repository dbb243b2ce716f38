import type { DestinationHealth } from '../records/lanes.ts';
import { type HintQueue, within } from './backend.ts';

const DEADLINE = 5_000;

/** Shows a pause in the queue. The truth is the destination's row, which every claim reads; resolves with whether anything changed. */
export const showPause = async (queue: HintQueue, health: DestinationHealth): Promise<'paused' | 'resumed' | 'same'> => {
  const shown = await within(DEADLINE, 'reading the pause', queue.isPaused());
  if (shown === health.paused) return 'same';
  await within(DEADLINE, 'showing the pause', health.paused ? queue.pause() : queue.resume());
  return health.paused ? 'paused' : 'resumed';
};
