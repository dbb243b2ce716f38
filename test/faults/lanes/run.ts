import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';
import { openBackend } from '../../../queues/open-backend.ts';
import { brandAs, type DestinationName, type PersonId } from '../../../records/ids.ts';
import { silent } from '../../../records/telemetry.ts';
import { makeKeys, showKeys } from '../../../store/keys.ts';
import { ensureDestinations } from '../../../store/lanes/destinations.ts';
import { StoreError } from '../../../store/pool.ts';
import { openVault } from '../../../store/vault.ts';
import { testDatabase } from '../../support/database.ts';
import { type BackendKind, backendConfig } from '../../support/delivery.ts';
import { eventually } from '../../support/eventually.ts';
import { makePersons } from '../../support/lanes.ts';
import type { Chance } from '../../support/seed.ts';
import { FarSide } from './far-side.ts';
import type { ChildConfig, Far, FromChild, ToChild } from './protocol.ts';
import { type Report, report } from './report.ts';

export interface RunOptions {
  readonly kind: BackendKind;
  /** Filings, sends, releases, merges and so on, together. */
  readonly operations: number;
  readonly chance: Chance;
  /** Hints lost, doubled and wiped, pauses, hosts down, daemons killed; else none of these, and no reconcile. */
  readonly faults: boolean;
}

const PERSONS = 60;
const CHILDREN = 2;
const DESTINATIONS = [
  { name: brandAs<DestinationName>('clinical'), transport: 'mllp', dedupable: true, advanceConfirmed: false },
  { name: brandAs<DestinationName>('confirming'), transport: 'mllp', dedupable: true, advanceConfirmed: true },
  { name: brandAs<DestinationName>('folder'), transport: 'folder', dedupable: false, advanceConfirmed: false },
];
const NEVER = 3_600_000;
/** Far above the longest a receiver thinks. */
const CLAIM_TTL_MS = 4_000;
/** Two wipes may come faster than it is made again. */
const notThere = (error: unknown): void => {
  if (!(error instanceof StoreError && error.state === '3F000')) throw error;
};
const HOOK = join(__dirname, '../../support/ts-hook.cjs');

interface Child {
  readonly n: number;
  readonly process: ChildProcess;
  state: 'starting' | 'running' | 'stopped';
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Starts the daemons, lets them work and disturbs them until the operations are done, lets all come to its end, and reports. */
export const runLanes = async (options: RunOptions): Promise<Report> => {
  const { kind, chance, faults } = options;
  const store = await testDatabase();
  const keys = makeKeys();
  await store.database.query('delete from key_check');
  await openVault(store.database, keys);
  // Links go when lanes drain; what followed what is judged afterwards.
  await store.database.query(`
    create table link_history (before_lane bigint, after_lane bigint);
    create function note_link() returns trigger language plpgsql as 'begin insert into link_history values (new.before_lane, new.after_lane); return new; end';
    create trigger note_link after insert on lane_link for each row execute function note_link()`);
  const ids = await ensureDestinations(store.database, DESTINATIONS);
  const far: Far[] = DESTINATIONS.map(({ name, dedupable }) => ({ id: ids.get(name) ?? brandAs<Far['id']>(0), name, dedupable }));
  const persons: PersonId[] = await makePersons(store.database, PERSONS);
  const { config: backend, redis } = await backendConfig(kind, store);
  const first = openBackend(backend, silent);
  await first.prepare();
  await first.close();
  const side = new FarSide(chance.fork('far side'), far, CLAIM_TTL_MS);
  const counts: Record<string, number> = {};
  const troubles: string[] = [];
  const children = new Set<Child>();
  let started = 0;
  let settling = false;

  const listen = (child: Child, message: FromChild): void => {
    const answer = (reply: ToChild): void => {
      if (child.process.connected) child.process.send(reply, () => {});
    };
    if (message.kind === 'send') void side.send(child.n, message.sending).then((result) => answer({ kind: 'sent', n: message.n, result }));
    else if (message.kind === 'ask') answer({ kind: 'asked', n: message.n, resolution: side.ask(message.sending) });
    else if (message.kind === 'did') counts[message.what] = (counts[message.what] ?? 0) + message.count;
    else if (message.kind === 'trouble') troubles.push(`child ${child.n}: ${message.text}`);
    else if (message.kind === 'stopped') child.state = 'stopped';
    else {
      child.state = 'running';
      if (settling) answer({ kind: 'settle' });
    }
  };

  const start = (): Child => {
    started += 1;
    const config: ChildConfig = {
      target: store.target,
      keys: Buffer.from(showKeys(keys)).toString('base64'),
      backend,
      far,
      persons,
      faults,
      seed: chance.fork(`child ${started}`).seed,
      claimTtlMs: CLAIM_TTL_MS,
      reconcileMs: faults ? 1_000 : NEVER,
    };
    const child: Child = {
      n: started,
      process: fork(join(__dirname, 'child.ts'), { execArgv: ['-r', HOOK], env: { ...process.env, LANE_TEST: JSON.stringify(config) } }),
      state: 'starting',
    };
    child.process.on('message', (message: FromChild) => listen(child, message));
    child.process.on('error', (error) => troubles.push(`child ${child.n}: ${error.message}`));
    children.add(child);
    return child;
  };

  const kill = async (child: Child): Promise<void> => {
    counts.killed = (counts.killed ?? 0) + 1;
    child.process.kill('SIGKILL');
    await new Promise((resolve) => child.process.once('exit', resolve));
    side.killed(child.n);
    children.delete(child);
  };

  const wipe = async (): Promise<void> => {
    counts.wiped = (counts.wiped ?? 0) + 1;
    if (redis !== undefined) await redis.wipe();
    // Renamed, it is as gone as dropped, and needs no lock that BullMQ's own transactions would quarrel over.
    else await store.database.query(`alter schema throughcare_queue rename to wiped_${counts.wiped}`).catch(notThere);
  };

  const operations = (): number =>
    ['filed', 'release', 'skip', 'withdraw', 'confirm', 'merge', 'unmerge', 'move', 're-routed', 'pause'].reduce(
      (sum, what) => sum + (counts[what] ?? 0),
      0,
    ) +
    (side.counts.start ?? 0) +
    (side.counts.asked ?? 0);

  /** A wipe and a kill come in every run, whatever is drawn; starting a daemon takes its time, so kills are rare. */
  const disturb = async (): Promise<void> => {
    const draw = chance.fork('disturbance');
    const sure = [wipe, (): Promise<void> => replaceOne(draw)];
    while (operations() < options.operations) {
      await pause(300 + draw.below(700));
      const dice = draw.next();
      const next = sure[0];
      if (next !== undefined && operations() > options.operations * (sure.length === 2 ? 0.2 : 0.4)) {
        sure.shift();
        await next();
      } else if (dice < 0.5) side.down(draw.pick(far).id, 100 + draw.below(600));
      else if (dice < 0.65) await wipe();
      else if (dice < 0.72) await replaceOne(draw);
    }
  };

  const replaceOne = async (draw: Chance): Promise<void> => {
    const running = [...children].filter((child) => child.state === 'running');
    if (running.length < CHILDREN) return;
    await kill(draw.pick(running));
    start();
  };

  try {
    for (let n = 0; n < CHILDREN; n++) start();
    await eventually(() => [...children].every((child) => child.state === 'running'), Boolean, {
      within: 30_000,
      what: 'the daemons of the lane test',
    });
    const began = performance.now();
    if (faults) await disturb();
    while (operations() < options.operations) await pause(50);
    const worked = performance.now();
    settling = true;
    side.calm = true;
    for (const child of children) child.process.send({ kind: 'settle' } satisfies ToChild);
    await drained(store.database);
    counts.workedMs = Math.round(worked - began);
    counts.drainedMs = Math.round(performance.now() - worked);
    for (const child of children) if (child.process.connected) child.process.send({ kind: 'stop' } satisfies ToChild);
    await eventually(() => [...children].every((child) => child.state === 'stopped'), Boolean, {
      within: 20_000,
      what: 'the end of the daemons',
    }).catch(() => troubles.push('a daemon did not stop'));
    return await report({ database: store.database, side, counts, troubles, operations: operations(), seed: chance.seed });
  } finally {
    for (const child of children) child.process.kill('SIGKILL');
    await store.close();
    await redis?.stop();
  }
};

/** Waits until no delivery waits any more; false where that does not come. */
const drained = async (database: Awaited<ReturnType<typeof testDatabase>>['database']): Promise<boolean> => {
  try {
    await eventually(
      async () =>
        (
          await database.query<{ n: number }>(
            'select (select count(*) from delivery where state = 0) + (select count(*) from lane where phase = 6) as n',
          )
        )[0]?.n,
      (n) => n === 0,
      { within: 40_000, every: 100 },
    );
    return true;
  } catch {
    return false;
  }
};
