import type { BackendKind } from '../support/delivery.ts';
import { chance, runSeed } from '../support/seed.ts';
import { runLanes } from './lanes/run.ts';

/**
 * The randomized lane test: two daemons with real BullMQ file, send, merge, release, skip, withdraw, confirm and re-route at random, while
 * hints are lost, doubled and wiped, hosts are down, destinations paused and daemons killed. LANE_TEST_OPERATIONS makes it longer.
 */

const OPERATIONS = Number(process.env.LANE_TEST_OPERATIONS ?? 20_000);
const NONE = { overlap: 0, order: 0, token: 0, double: 0, mergeOrder: 0, lost: 0, stranded: 0, deadlock: 0, dangling: 0, faults: 0 };
/** Far above what a loaded machine needs: it catches a hang. */
const DEADLINE = 180_000 + OPERATIONS * 10;

describe.each<BackendKind>(['postgres', 'redis'])('lanes under random operations, hints in %s', (kind) => {
  it.each([
    ['with faults', true, OPERATIONS * 0.4],
    ['without faults and without reconcile', false, OPERATIONS * 0.1],
  ])(
    'keep every promise %s',
    async (_name, faults, operations) => {
      const result = await runLanes({ kind, operations, faults, chance: chance(runSeed()) });
      console.log(
        `lanes ${kind} ${faults ? 'faults' : 'clean'} seed ${result.seed}: ${result.operations} operations ${JSON.stringify(result.counts)}`,
      );
      if (result.histories.length > 0) console.log(`${result.histories.join('\n\n')}\n\nrun again with TEST_SEED=${result.seed}`);
      expect(result.violations).toEqual(NONE);
      if (!faults) expect(result.troubles).toEqual([]);
    },
    DEADLINE,
  );
});
