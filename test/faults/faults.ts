import { setTimeout as sleep } from 'node:timers/promises';
import type { PrivateRedis } from '../support/redis.ts';
import type { Chance } from '../support/seed.ts';
import type { TcpProxy } from '../support/tcp-proxy.ts';
import type { FaultLog } from './fault-log.ts';
import type { SupervisedDaemon } from './supervised.ts';

/** What there is to break. */
export interface Targets {
  readonly daemons: readonly SupervisedDaemon[];
  /** Process id of the PostgreSQL server now; undefined while it is down. */
  readonly postmaster: () => number | undefined;
  /** Forgets everything in the queue backend. */
  readonly wipe: () => Promise<void>;
  readonly redis: PrivateRedis | undefined;
  /** Between senders and daemons. */
  readonly near: readonly TcpProxy[];
  /** Between daemons and receivers. */
  readonly far: readonly TcpProxy[];
}

const LEAST_PAUSE = 500;
const MOST_PAUSE = 1_400;
/** Most bytes of a stream that still pass before it is cut: within the first messages, so in the middle of one. */
const CUT_WITHIN = 1_500;

type Fault = (targets: Targets, chance: Chance) => string | Promise<string>;

const signal = (pid: number | undefined, name: NodeJS.Signals): string => {
  if (pid === undefined) return 'was down already';
  try {
    process.kill(pid, name);
    return `pid ${pid}`;
  } catch {
    return 'was gone already';
  }
};
const kill = (daemon: SupervisedDaemon): string => {
  const pid = daemon.life?.pid;
  daemon.kill();
  return `pid ${pid}`;
};

/** The faults by name; each says what it did. */
const FAULTS: Readonly<Record<string, Fault>> = {
  'daemon killed': ({ daemons }, chance) => kill(chance.pick(daemons)),
  'all daemons killed': ({ daemons }) => daemons.map(kill).join(', '),
  // Longer than a claim lasts, now and then: it wakes up with a message in its hands that another has sent meanwhile.
  'daemon frozen': async ({ daemons }, chance) => {
    const [daemon, ms] = [chance.pick(daemons), 500 + chance.below(2_500)];
    await daemon.freeze(ms);
    return `pid ${daemon.life?.pid}, for ${ms} ms`;
  },
  // An immediate stop: what `pg_ctl stop -m immediate` sends.
  'PostgreSQL stopped': ({ postmaster }) => signal(postmaster(), 'SIGQUIT'),
  'queue backend wiped': async ({ wipe }) => {
    try {
      await wipe();
      return 'all of it';
    } catch (error) {
      return `it was not there to be wiped (${error instanceof Error ? error.message : 'unknown'})`;
    }
  },
  'receivers cut off': ({ far }) => {
    for (const proxy of far) proxy.cut();
    return `${far.length} ways`;
  },
  'senders cut off': ({ near }) => {
    for (const proxy of near) proxy.cut();
    return `${near.length} ways`;
  },
  'cut inside a message': ({ near, far }, chance) => {
    const proxy = chance.pick([...near, ...far]);
    const [direction, bytes] = [chance.pick(['up', 'down'] as const), chance.below(CUT_WITHIN)];
    proxy.cutAfter(direction, bytes);
    return `port ${proxy.port}, after ${bytes} bytes ${direction}`;
  },
  'answers lost': async ({ near, far }, chance) => {
    const proxy = chance.pick([...near, ...far]);
    const ms = 200 + chance.below(600);
    proxy.blackHole('down');
    await sleep(ms);
    proxy.heal();
    return `port ${proxy.port}, for ${ms} ms`;
  },
};
const REDIS_KILLED: Fault = async ({ redis }, chance) => {
  const ms = chance.below(500);
  await redis?.kill();
  await sleep(ms);
  await redis?.start();
  return `for ${ms} ms`;
};

/** Kinds of faults that these targets allow. */
const kindsFor = ({ redis, daemons }: Targets): ReadonlyMap<string, Fault> => {
  const kinds = new Map(Object.entries(FAULTS));
  if (redis !== undefined) kinds.set('Redis killed', REDIS_KILLED);
  if (daemons.length < 2) kinds.delete('all daemons killed');
  return kinds;
};

/**
 * Breaks something every 0.5 to 1.4 s for so many seconds. Kinds are dealt like cards, so that each comes about equally often;
 * resolves when everything that was broken has been put right, as far as that is for us and not for the daemons to do.
 */
export async function breakThings(targets: Targets, chance: Chance, seconds: number, log: FaultLog): Promise<void> {
  const kinds = kindsFor(targets);
  const until = Date.now() + seconds * 1_000;
  let deck: string[] = [];
  for (;;) {
    await sleep(LEAST_PAUSE + chance.below(MOST_PAUSE - LEAST_PAUSE));
    if (Date.now() >= until) break;
    if (deck.length === 0) deck = chance.shuffle([...kinds.keys()]);
    const kind = deck.pop() ?? '';
    const fault = kinds.get(kind);
    if (fault !== undefined) log.fault(kind, await fault(targets, chance));
  }
  for (const proxy of [...targets.near, ...targets.far]) proxy.heal();
  log.note('faults end');
}
