import { parseArgs } from 'node:util';
import { chance, runSeed } from '../support/seed.ts';
import { endTestServer, nameTestServer } from '../support/test-server.ts';
import { conserve } from './conserve.ts';
import { runLanes } from './lanes/run.ts';
import { shown } from './report.ts';

const USAGE = `npm run soak -- [options]
  --seconds <n>      how long things are broken in each combination; in rounds of ten minutes, each on a new store
  --operations <n>   of the randomized lane test on each backend
                     (one of the two leaves the other out; neither: 300 seconds and 220000 operations)
  --backends <…>     redis, postgres, or both (redis,postgres)
  --daemons <…>      1, 2, or both (1,2)
  --seed <n>         of the first round; each further round takes the next one (TEST_SEED, else chance)`;

/** A run keeps everything it saw in memory until it is judged. */
const ROUND = 600;
const DRAIN = 120;

class UsageError extends Error {}

const whole = (name: string, text: string): number => {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0) throw new UsageError(`--${name}: ${text} is not a whole number`);
  return value;
};
const backendOf = (text: string): Backend => {
  if (text !== 'redis' && text !== 'postgres') throw new UsageError(`--backends: ${text} is neither redis nor postgres`);
  return text;
};
const daemonsOf = (text: string): 1 | 2 => {
  if (text !== '1' && text !== '2') throw new UsageError(`--daemons: ${text} is neither 1 nor 2`);
  return text === '1' ? 1 : 2;
};

type Backend = 'redis' | 'postgres';
interface Options {
  readonly seconds: number;
  readonly operations: number;
  readonly backends: readonly Backend[];
  readonly daemons: readonly (1 | 2)[];
  readonly seed: number;
}

const readOptions = (args: readonly string[]): Options => {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seconds: { type: 'string' },
      operations: { type: 'string' },
      backends: { type: 'string', default: 'redis,postgres' },
      daemons: { type: 'string', default: '1,2' },
      seed: { type: 'string' },
    },
  });
  const both = values.seconds === undefined && values.operations === undefined;
  return {
    seconds: whole('seconds', values.seconds ?? (both ? '300' : '0')),
    operations: whole('operations', values.operations ?? (both ? '220000' : '0')),
    backends: values.backends.split(',').map(backendOf),
    daemons: values.daemons.split(',').map(daemonsOf),
    seed: values.seed === undefined ? runSeed() : whole('seed', values.seed),
  };
};

/** Real daemons, every combination in turn, round by round; resolves with the number of rounds in which a promise was broken. */
const soakDaemons = async ({ seconds, backends, daemons: counts, seed }: Options): Promise<number> => {
  const combinations = backends.flatMap((backend) => counts.map((daemons) => ({ backend, daemons })));
  let failed = 0;
  let next = seed;
  for (let left = seconds; left > 0; left -= ROUND) {
    for (const { backend, daemons } of combinations) {
      const plan = { backend, daemons, seed: next, seconds: Math.min(left, ROUND), drain: DRAIN };
      next += 1;
      console.log(`BullMQ on ${backend}, daemons: ${daemons}, seed ${plan.seed}, ${plan.seconds} s of faults`);
      try {
        const outcome = await conserve(plan);
        console.log(shown(outcome));
        if (outcome.violations.length > 0) failed += 1;
      } catch (error) {
        console.log(error instanceof Error ? (error.stack ?? error.message) : String(error));
        failed += 1;
      }
    }
  }
  return failed;
};

/** The lanes alone, under random operations, on each backend; resolves with the number of runs in which a promise was broken. */
const soakLanes = async ({ operations, backends, seed }: Options): Promise<number> => {
  if (operations === 0) return 0;
  await nameTestServer();
  let failed = 0;
  try {
    for (const kind of backends) {
      console.log(`lanes, hints in ${kind}, seed ${seed}, ${operations} operations`);
      const { counts, violations, histories } = await runLanes({ kind, operations, faults: true, chance: chance(seed) });
      console.log(`  ${JSON.stringify(counts)}\n  ${JSON.stringify(violations)}\n${histories.join('\n\n')}`);
      if (Object.values(violations).some((times) => times > 0)) failed += 1;
    }
    if (failed > 0) process.env.THROUGHCARE_TEST_FAILED = 'yes';
  } finally {
    await endTestServer();
  }
  return failed;
};

const soak = async (options: Options): Promise<number> => {
  const failed = (await soakLanes(options)) + (await soakDaemons(options));
  console.log(failed === 0 ? 'Every promise was kept.' : `${failed} rounds broke a promise.`);
  return failed;
};

const main = async (): Promise<number> => {
  try {
    return (await soak(readOptions(process.argv.slice(2)))) === 0 ? 0 : 1;
  } catch (error) {
    // parseArgs throws TypeErrors for options that do not exist.
    if (!(error instanceof UsageError || error instanceof TypeError)) throw error;
    console.error(`${error.message}\n\n${USAGE}`);
    return 2;
  }
};

void main().then((code) => {
  process.exitCode = code;
});
