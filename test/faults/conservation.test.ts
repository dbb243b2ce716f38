import { runSeed } from '../support/seed.ts';
import { conserve } from './conserve.ts';
import { shown } from './report.ts';

/** As long as things are broken here; `npm run soak` breaks them for longer. */
const SECONDS = 20;
/** From the last fault on. */
const DRAIN = 40;

const seed = runSeed();

describe('what was acknowledged arrives, in order and under one key, whatever breaks', () => {
  it.each([
    { backend: 'redis', daemons: 1 },
    { backend: 'redis', daemons: 2 },
    { backend: 'postgres', daemons: 1 },
    { backend: 'postgres', daemons: 2 },
  ] as const)(
    'BullMQ on $backend, daemons: $daemons',
    async ({ backend, daemons }) => {
      const outcome = await conserve({ backend, daemons, seed, seconds: SECONDS, drain: DRAIN });
      process.stdout.write(`Conservation, BullMQ on ${backend}, daemons: ${daemons}, seed ${seed}\n${shown(outcome)}\n`);
      expect(outcome.violations.map((violation) => `${violation} (TEST_SEED=${seed})`)).toEqual([]);
      // A run in which nothing happened would prove nothing.
      expect(outcome.counts.acknowledged).toBeGreaterThan(50);
      expect(outcome.counts['held by their mapping']).toBeGreaterThan(0);
      expect(outcome.faults.size).toBeGreaterThan(5);
    },
    300_000,
  );
});
