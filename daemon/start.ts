import type { Operations } from '../cli/operations.ts';
import { makeFolders } from '../config/folders.ts';
import type { LoadedConfig } from '../config/types.ts';
import { type Console, openConsole } from '../console/server.ts';
import { affectedDestinations } from '../directory/changes.ts';
import { recheck } from '../pipeline/dispatch/recheck.ts';
import type { Plan } from '../pipeline/plan/plan.ts';
import { runBatch } from '../pipeline/process/batch.ts';
import { Leader } from '../pipeline/process/leader.ts';
import type { Names } from '../pipeline/process/names.ts';
import { PersonCache } from '../pipeline/process/person-cache.ts';
import { createReceiver } from '../pipeline/receive/receiver.ts';
import { postgresBackend } from '../queues/backend-postgres.ts';
import { redisBackend } from '../queues/backend-redis.ts';
import { type DeliveryService, startDelivery } from '../queues/delivery-service.ts';
import type { MessageId, SourceName } from '../records/ids.ts';
import type { Finding } from '../records/issue.ts';
import type { SourceAdapter } from '../records/ports.ts';
import { Problem } from '../records/problem.ts';
import { ROLES } from '../routing/roles.ts';
import { createContentStore } from '../store/content.ts';
import { enterDaemon } from '../store/daemon.ts';
import { HotBytes } from '../store/hot-bytes.ts';
import { Journal } from '../store/journal.ts';
import { ensureDestinations } from '../store/lanes/destinations.ts';
import { directoryChanged } from '../store/lanes/directory-change.ts';
import { createLaneStore } from '../store/lanes/lane-store.ts';
import { LeaseLost } from '../store/lease.ts';
import { createMailboxDiary } from '../store/mailbox-diary.ts';
import { type OpenStore, openStore } from '../store/open.ts';
import { keepPartitions } from '../store/partitions.ts';
import { clientConfig, isUnavailable, openDatabase } from '../store/pool.ts';
import { createLeaderLease, firstUnprocessed } from '../store/process/leader-lease.ts';
import { createProcessStore } from '../store/process/process-store.ts';
import { createRecheckStore } from '../store/process/recheck-store.ts';
import { Systems } from '../store/process/systems.ts';
import { removeOld } from '../store/retention.ts';
import { ensureSources } from '../store/sources.ts';
import type { DaemonTelemetry } from '../telemetry/telemetry.ts';
import { closeWithin } from './close-within.ts';
import { FarSide, farDestinations } from './far-side.ts';
import { takeLateAnswer } from './late-answers.ts';
import { tellLeftBehind } from './left-behind.ts';
import { assemble, type LoadedPlan, readPlanFiles } from './load-plan.ts';
import { openMail } from './mail.ts';
import { MailboxPool } from './mailbox-pool.ts';
import { createOperations } from './operations.ts';
import { PlanRefused, refuse } from './plan-refused.ts';
import { readinessChecks } from './readiness.ts';
import { Reloads } from './reload.ts';
import { ReplyDesk } from './replies.ts';
import { WaysIn } from './ways-in.ts';
import { type OpenDestination, WaysOut } from './ways-out.ts';

/** Records held in memory for persons seen lately; about 1 kB each. */
const CACHED_ITEMS = 20_000;

/** How often content that was begun and never finished is removed. */
const SWEEP_MS = 3_600_000;

export interface RunningDaemon {
  readonly operations: Operations;
  readonly store: OpenStore;
  readonly sources: ReadonlyMap<SourceName, SourceAdapter>;
  readonly console: string;
  /** Takes over a changed configuration whole, or keeps the old and rejects with `PlanRefused`; then the alarm is raised. */
  reload(next: LoadedConfig): Promise<readonly Finding[]>;
  /** The changed file could not even be read: the old configuration stays, and the alarm is raised. */
  refused(findings: readonly Finding[]): void;
  /** Stops taking, finishes what is in hand within the drain limit, then closes everything. */
  stop(): Promise<void>;
}

/**
 * Starts everything a configuration names, in the order in which each part is needed: store, queues, leader, sources, console. `version`
 * of the product: what far sides are told that ask for it.
 */
export const startDaemon = async (loaded: LoadedConfig, telemetry: DaemonTelemetry, version = 'unknown'): Promise<RunningDaemon> => {
  const { config } = loaded;
  const files = await readPlanFiles(loaded);
  refuse(files.findings);
  await makeFolders(config);
  const { store: settings, advanced } = config;
  const store = await openStore({
    data: config.data,
    ...(settings.url === undefined ? {} : { url: settings.url.reveal() }),
    ...(settings.keys === undefined ? {} : { keys: settings.keys.reveal() }),
    pool: { max: settings.connections, statementTimeout: advanced.statementTimeout },
    telemetry,
  });
  const closing: (() => Promise<unknown> | unknown)[] = [() => store.close()];
  try {
    return await assembleDaemon(loaded, files, telemetry, version, store, closing);
  } catch (error) {
    for (const close of closing.reverse()) await Promise.resolve(close()).catch(() => undefined);
    throw error;
  }
};

const assembleDaemon = async (
  loaded: LoadedConfig,
  files: LoadedPlan,
  telemetry: DaemonTelemetry,
  version: string,
  store: OpenStore,
  closing: (() => Promise<unknown> | unknown)[],
): Promise<RunningDaemon> => {
  const { config } = loaded;
  const { database, vault } = store;
  const { advanced } = config;
  const content = createContentStore(database, vault);
  const daemon = await enterDaemon(database, { telemetry, beat: advanced.heartbeat });
  closing.push(() => daemon.stop());
  const sweeping = setInterval(() => void content.sweep().catch((error: unknown) => telemetry.error('sweep-failed', error)), SWEEP_MS);
  sweeping.unref();
  closing.push(() => clearInterval(sweeping));
  const { retention } = config;
  const partitions = await keepPartitions(database, {
    telemetry,
    ...(retention === undefined ? {} : { remove: () => removeOld(database, { daemon: daemon.id, keepMs: retention, telemetry }) }),
  });
  closing.push(() => partitions.stop());

  let current = loaded;
  // Once told to stop there is one limit for all that drains, whichever of it comes last.
  let stopBy = Number.POSITIVE_INFINITY;
  const drainMs = (): number => Math.ceil(Math.max(0, Math.min(current.config.shutdown.drain, stopBy - performance.now())));
  const waysOut = new WaysOut(telemetry, advanced, (late) => {
    takeLateAnswer({ database, vault, onHeads: (heads) => delivery.hint(heads) }, late).catch((error: unknown) =>
      telemetry.error('late-answer-failed', error, { id: late.delivery }),
    );
  });
  const pool = new MailboxPool({ diary: createMailboxDiary(database), telemetry, clientVersion: version });
  closing.push(() => pool.close());
  const mailboxes = pool.prepare(config.mailboxes);
  pool.take(mailboxes);
  const opened = waysOut.prepare(config.destinations, mailboxes);
  const makePlan = async (from: LoadedConfig, read: LoadedPlan, open: readonly OpenDestination[]) => {
    const sourceIds = await ensureSources(database, [...from.config.sources.keys()]);
    const destinationIds = await ensureDestinations(
      database,
      open.map(({ name, settings, adapter }) => ({
        name,
        transport: settings.kind,
        dedupable: adapter.dedupable,
        advanceConfirmed: settings.advance === 'confirmed',
      })),
    );
    const { plan, findings } = assemble(from, read, sourceIds, destinationIds);
    if (plan === undefined) throw new PlanRefused(findings);
    await systems.ensure(database, plan.systems);
    return { plan, destinationIds };
  };
  const systems = new Systems();
  const made = await makePlan(loaded, files, opened);
  let plan: Plan = made.plan;
  // What was filed under the directory of an earlier run is looked at again before it leaves.
  await directoryChanged(database, ROLES, plan.directory.version, null);

  const names: Names = {
    recordId: (parts) => vault.nameId(parts),
    transportKey: (parts) => vault.transportKey(parts),
    content: (bytes) => vault.contentName(bytes),
  };
  const replies = new ReplyDesk({
    database,
    vault,
    telemetry,
    destinationOf: (source) => plan.source(source).repliesTo,
    onHeads: (heads) => delivery.hint(heads),
  });
  closing.push(() => replies.stop());

  const redis = config.queue.redis?.reveal() ?? '';
  const backend =
    redis === ''
      ? postgresBackend({ kind: 'postgres', connection: { ...clientConfig(store.target) } }, telemetry)
      : redisBackend(redis, `throughcare-${config.site}`, telemetry);
  const received = new HotBytes<MessageId>();
  const filed = new HotBytes<string>();
  const lanes = createLaneStore({ database, vault, content, filed, roles: ROLES, daemon: daemon.id });
  const recheckStore = createRecheckStore(database, vault, systems);
  const delivery: DeliveryService = await startDelivery({
    lanes,
    backend,
    telemetry,
    outlets: waysOut.take(opened, made.destinationIds).outlets,
    recheck: (claimed) => recheck({ store: recheckStore, plan: () => plan, names, now: () => new Date() }, claimed),
    careTimes: { lookMs: advanced.wipePoll, reconcileMs: advanced.reconcile },
  });
  closing.push(() => closeWithin(drainMs(), waysOut.close(), telemetry));
  closing.push(() => delivery.stop(drainMs()));
  const farSide = new FarSide({
    database,
    vault,
    daemon: daemon.id,
    telemetry,
    onHeads: (heads) => delivery.hint(heads),
    intervalMs: advanced.reconcile,
  });
  farSide.serve(farDestinations(config, made.destinationIds));
  farSide.start();
  closing.push(() => farSide.stop());

  // Of its own, as the journal's: a batch waits for nobody's connection, and its statements are always the same.
  const leading = openDatabase(store.target, { max: 2, statementTimeout: advanced.statementTimeout, plans: 'by-index', telemetry });
  closing.push(() => leading.close());
  const processStore = createProcessStore({
    database: leading,
    vault,
    content,
    systems,
    received,
    filed,
    daemon: daemon.id,
    leaseMs: advanced.lease,
  });
  const cache = new PersonCache(CACHED_ITEMS);
  const leader = new Leader({
    lease: createLeaderLease(database, daemon.id, advanced.lease),
    batch: (token, low, limit) =>
      runBatch(
        {
          store: processStore,
          plan: () => plan,
          cache,
          names,
          telemetry,
          keep: async (bytes) => (await content.write(bytes)).name,
          onHeads: (heads) => delivery.hint(heads),
          onReplies: () => replies.look(),
        },
        token,
        low,
        limit,
      ),
    pending: async () => (await firstUnprocessed(database, 1)).length > 0,
    first: (limit) => firstUnprocessed(database, limit),
    countTry: (token, ids) => processStore.countTry(token, ids),
    holdAlone: (token, id, reason) => processStore.holdAlone(token, id, reason),
    isTransient: isUnavailable,
    isLeaseLost: (error) => error instanceof LeaseLost,
    telemetry,
    now: () => performance.now(),
    limit: advanced.processBatch,
    idleMs: advanced.processPoll,
  });
  leader.start();
  closing.push(() => leader.stop());

  // Of its own, so that neither a batch nor a console query keeps a sender waiting, and its statements end on the server too.
  const intake = openDatabase(store.target, { max: 2, statementTimeout: Math.min(5_000, advanced.statementTimeout), telemetry });
  closing.push(() => intake.close());
  const journal = new Journal({ database: intake, vault, content, daemon: daemon.id, telemetry, received, onStored: () => leader.wake() });
  closing.push(() => journal.close());
  const receiving = {
    settings: (source: SourceName) => {
      const found = plan.sources.get(source);
      if (found === undefined) throw new Problem(`source ${source} is not configured`);
      return found.receipt;
    },
    journal,
    digest: (bytes: Buffer) => vault.digest(bytes),
    hashControlId: (controlId: string) => vault.searchHash('control-id', controlId).toString('hex'),
    telemetry,
    now: () => new Date(),
  };
  const receiver = createReceiver({ ...receiving, awaitReply: (id, later) => replies.await(id, later) });
  const mail = openMail({
    ...receiving,
    database,
    vault,
    content,
    daemon: daemon.id,
    leaseMs: advanced.lease,
    far: farSide.receipts,
  });
  closing.push(() => mail.close());
  const waysIn = new WaysIn({ receiver, telemetry, mail: { ...mail, fates: farSide.fates } }, drainMs);
  closing.push(() => waysIn.stop());
  await waysIn.start(config.sources, mailboxes);

  const operations = createOperations({
    database,
    vault,
    content,
    migrated: store.migrated,
    onReleased: () => leader.wake(true),
    onHeads: (heads) => delivery.hint(heads),
    onResumed: () =>
      void delivery.reconcile('resumed').catch((error: unknown) => telemetry.error('look-failed', error, { what: 'resume' })),
    close: () => Promise.resolve(),
  });
  const leftBehind = (): Promise<void> => tellLeftBehind(database, current.config, telemetry);
  const reloads = new Reloads({
    current: () => current,
    pool,
    waysIn,
    waysOut,
    makePlan,
    swap: async (next, made, change) => {
      const affected = affectedDestinations(plan.directory.entries, made.plan.directory.entries);
      current = next;
      plan = made.plan;
      farSide.serve(farDestinations(next.config, made.destinationIds));
      cache.clear();
      await delivery.setOutlets(change.outlets, drainMs());
      const ids = [...affected].flatMap((name) => made.destinationIds.get(name) ?? []);
      const persons = await directoryChanged(database, ROLES, plan.directory.version, ids);
      if (affected.size > 0) telemetry.event('directory.changed', { persons });
    },
    leftBehind,
    telemetry,
  });
  const console: Console = await openConsole({
    settings: config.console,
    checks: readinessChecks({ database, delivery, sources: () => waysIn.states, daemon, reloads: () => reloads.state }),
    metrics: telemetry.metrics,
    board: delivery.board.plugin,
    telemetry,
  });
  closing.push(() => console.close());
  closing.push(() => reloads.stop());
  void leftBehind().catch((error: unknown) => telemetry.error('look-failed', error, { what: 'left-behind' }));
  telemetry.event('daemon.started', { address: console.url.replace(/^http:\/\//, '') });

  return {
    operations,
    store,
    get sources() {
      return waysIn.adapters;
    },
    console: console.url,
    reload: (next) => reloads.reload(next),
    refused: (findings) => reloads.refused(findings),
    stop: async () => {
      telemetry.event('daemon.stopping');
      stopBy = performance.now() + current.config.shutdown.drain;
      for (const close of closing.reverse()) {
        try {
          await close();
        } catch (error) {
          telemetry.error('daemon.failed', error);
        }
      }
      telemetry.event('daemon.stopped');
    },
  };
};
