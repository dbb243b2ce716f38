import { ensureServer } from '../../store/embedded/embedded.ts';
import { findPostmaster, stopPostmaster } from '../../store/embedded/postmaster.ts';
import { eventually } from '../support/eventually.ts';
import { freePort } from '../support/free-port.ts';
import { livedTime } from '../support/lived-time.ts';
import { startRedis } from '../support/redis.ts';
import { chance } from '../support/seed.ts';
import { TcpProxy } from '../support/tcp-proxy.ts';
import { temporaryFolder } from '../support/temp.ts';
import { FaultLog } from './fault-log.ts';
import { breakThings } from './faults.ts';
import { Feed, makeFeeds, type Sent } from './feed.ts';
import { judge, type Verdict } from './judge.ts';
import { Ledger, readFolder } from './ledger.ts';
import { Receiver } from './receiver.ts';
import { Sender } from './sender.ts';
import { dataFolder, filingFolder, writeSite } from './site.ts';
import { hadStarted, SupervisedDaemon } from './supervised.ts';

export interface Plan {
  readonly backend: 'redis' | 'postgres';
  /** Daemons that share the data folder. */
  readonly daemons: 1 | 2;
  readonly seed: number;
  /** How long things are broken. */
  readonly seconds: number;
  /** How long everything may take to come to rest after that. */
  readonly drain: number;
}

export interface Outcome extends Verdict {
  readonly seed: number;
  readonly faults: ReadonlyMap<string, number>;
  /** Seconds from the last fault until everything was at rest. */
  readonly drained: number;
  /** Where everything is kept; gone when the run kept every promise. */
  readonly folder: string;
}

const SENDERS = 6;
const PATIENTS = 48;
/** Messages acknowledged before anything is broken. */
const AT_WORK = 50;
/** Milliseconds between two messages of one sender, about. */
const PAUSE = 25;

/** Everything of one run that must be given back. */
type Undo = () => Promise<unknown>;

/** Starts real daemons, feeds them while things are broken, lets them come to rest, and judges what is left. */
export async function conserve(plan: Plan): Promise<Outcome> {
  const folder = await temporaryFolder('conserve');
  const undo: Undo[] = [];
  try {
    const outcome = await run(plan, folder.path, undo);
    if (outcome.violations.length === 0) undo.unshift(() => folder.remove());
    return outcome;
  } catch (error) {
    throw new Error(
      `${error instanceof Error ? error.message : String(error)}\n\nSeed ${plan.seed}; everything is kept in ${folder.path}`,
      {
        cause: error,
      },
    );
  } finally {
    for (const give of undo.reverse()) await give();
  }
}

async function run(plan: Plan, folder: string, undo: Undo[]): Promise<Outcome> {
  const dice = chance(plan.seed);
  const { feeds, stranger } = makeFeeds(dice, SENDERS, PATIENTS);
  const log = new FaultLog(folder, () => `${acknowledged(feeds)} acknowledged`);
  const redis = plan.backend === 'redis' ? await startRedis() : undefined;
  if (redis !== undefined) undo.push(() => redis.stop());
  const clinical = await Receiver.listen(plan.daemons, true, dice.fork('clinical'));
  const archive = await Receiver.listen(plan.daemons, false, dice.fork('archive'));
  undo.push(
    () => clinical.close(),
    () => archive.close(),
  );

  const way = async (port: number | undefined): Promise<TcpProxy> => {
    const proxy = await TcpProxy.to({ port: port ?? 0 });
    undo.push(() => proxy.close());
    return proxy;
  };
  const ports = await Promise.all(
    Array.from({ length: plan.daemons }, async (_, index) => ({
      source: await freePort(),
      console: await freePort(),
      clinical: await way(clinical.ports[index]),
      archive: await way(archive.ports[index]),
    })),
  );
  const near = await Promise.all(ports.map(({ source }) => way(source)));
  const files = await writeSite({
    folder,
    ...(redis === undefined ? {} : { redis: redis.url }),
    daemons: ports.map((own) => ({ ...own, clinical: own.clinical.port, archive: own.archive.port })),
  });
  const daemons = files.map((file, index) => new SupervisedDaemon(file, ports[index]?.console ?? 0));
  undo.push(() => Promise.all(daemons.map((daemon) => daemon.stop(5_000))));
  // The first alone makes the cluster and the keys; a second that joins is another test's matter.
  for (const daemon of daemons) await daemon.start();
  const data = dataFolder(folder);
  const { target, cluster } = await ensureServer(data);
  undo.splice(undo.length - 1, 0, () => stopPostmaster(cluster, 2_000));
  const ledger = await Ledger.open(target, data);
  undo.push(() => ledger.close());

  const nearPorts = near.map((proxy) => proxy.port);
  const senders = feeds.map((feed, index) => new Sender(feed, nearPorts, dice.fork(`sender ${index}`), PAUSE));
  undo.push(async () => {
    for (const sender of senders) sender.giveUp();
    await Promise.all(senders.map((sender) => sender.stop()));
  });
  for (const sender of senders) sender.start();
  // Faults strike a system at work, on a slow machine too.
  await eventually(
    () => acknowledged(feeds),
    (count) => count > AT_WORK,
    { within: 30_000, what: 'the first acknowledgements' },
  );

  await breakThings(
    {
      daemons,
      redis,
      near,
      far: ports.flatMap((own) => [own.clinical, own.archive]),
      postmaster: () => findPostmaster(cluster)?.pid,
      wipe: () => (redis === undefined ? ledger.dropQueues() : redis.wipe()),
    },
    dice.fork('faults'),
    plan.seconds,
    log,
  );
  const since = livedTime();
  undo.push(async () => since.stop());
  const left = (): number => Math.max(1_000, plan.drain * 1_000 - since.ms());
  for (const daemon of daemons) await daemon.ready(left());
  log.note('ready again');
  await within(left(), 'acknowledgements of what was sent last', Promise.all(senders.map((sender) => sender.stop())));
  log.note('everything sent is acknowledged');
  const released = await comeToRest(ledger, left);
  const drained = since.ms() / 1_000;
  log.note('at rest');

  const fresh = await sendFresh(new Feed(dice.fork('fresh'), 'FRESH', [stranger]), nearPorts, left());
  await comeToRest(ledger, left);
  const sent: Sent[] = [...senders.flatMap((sender) => sender.feed.sent), ...fresh];
  const verdict = judge({
    ...(await ledger.read()),
    sent,
    receptions: new Map([
      ['clinical', clinical.receptions],
      ['archive', archive.receptions],
    ]),
    files: await readFolder(filingFolder(folder)),
    lives: daemons.flatMap((daemon, via) => daemon.lives.map((life) => ({ via, ...life }))),
  });
  await ledger.close();
  const violations = [
    ...verdict.violations,
    ...senders.flatMap((sender) => sender.refusals.map((refusal) => `refused: ${refusal}`)),
    ...(await stopAll(daemons, cluster)),
  ];
  for (const violation of violations) log.note(`BROKEN ${violation}`);
  const tries = sent.reduce((sum, message) => sum + message.tries, 0);
  const counts = { ...verdict.counts, 'sent again': tries - sent.length, 'released by hand': released };
  return { violations, counts, seed: plan.seed, faults: log.counts, drained, folder };
}

const acknowledged = (feeds: readonly Feed[]): number =>
  feeds.reduce((sum, { sent }) => sum + sent.filter((message) => message.acknowledged !== undefined).length, 0);

async function within<T>(ms: number, what: string, work: Promise<T>): Promise<T> {
  let done = false;
  const end = (): void => {
    done = true;
  };
  work.then(end, end);
  await eventually(() => done, Boolean, { within: ms, what });
  return work;
}

/** Codes of holds that the faults themselves cause: what the person on call has sent again once the trouble is over. */
const releasable = (destination: string, code: string | null): boolean => destination === 'filing' || code === 'poison';

/**
 * Waits until nothing is unprocessed and nothing waits. Files of which nobody knows whether they were taken, and deliveries that
 * three daemons in a row died over, are released by hand.
 */
async function comeToRest(ledger: Ledger, left: () => number): Promise<number> {
  const released = new Set<number>();
  await eventually(
    async () => {
      const unfinished = await ledger.unfinished();
      for (const { delivery, destination, code } of unfinished.held) {
        if (!releasable(destination, code)) continue;
        await ledger.release(delivery);
        released.add(delivery);
      }
      return unfinished;
    },
    ({ unprocessed, waiting }) => unprocessed + waiting === 0,
    { within: left(), every: 100, what: 'the end of all work' },
  );
  return released.size;
}

/** New messages about a person nobody has spoken of yet, one through each daemon. */
async function sendFresh(feed: Feed, ports: readonly number[], ms: number): Promise<readonly Sent[]> {
  for (const port of ports) {
    const sender = new Sender(feed, [port], chance(1), 0);
    const message = feed.next();
    await within(ms, `the answer to a fresh message (${message.controlId})`, sender.deliver(message)).finally(() => sender.giveUp());
  }
  return feed.sent;
}

/** A clean stop: every daemon says so, none had ended by itself once it had started, and the last one stops PostgreSQL. */
async function stopAll(daemons: readonly SupervisedDaemon[], cluster: string): Promise<string[]> {
  const broken: string[] = [];
  for (const [index, daemon] of daemons.entries()) {
    const code = await daemon.stop();
    if (code !== 0) broken.push(`daemon ${index + 1} did not stop cleanly: exit code ${code}`);
    for (const life of daemon.lives.filter(({ end }) => end !== 'killed' && end !== 'stopped'))
      if (hadStarted(life)) broken.push(`daemon ${index + 1} ended by itself (${life.end}): ${life.log}`);
  }
  if (findPostmaster(cluster) !== undefined) broken.push('PostgreSQL runs on after the last daemon left');
  return broken;
}
