import { readFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import type { CliContext } from './cli/context.ts';
import { EXIT } from './cli/exit.ts';
import { runCli } from './cli/main.ts';
import type { Operations } from './cli/operations.ts';
import { loadConfig } from './config/load.ts';
import type { LoadedConfig } from './config/types.ts';
import { checkConnections } from './daemon/check-connections.ts';
import { conservationLines } from './daemon/conservation-lines.ts';
import { checkPlan } from './daemon/load-plan.ts';
import { openMeshDesk } from './daemon/mesh-desk.ts';
import { createOperations } from './daemon/operations.ts';
import { PlanRefused } from './daemon/plan-refused.ts';
import { type RunningDaemon, startDaemon } from './daemon/start.ts';
import { type DemoDaemon, playDemo } from './demo/play.ts';
import { brandAs, type MessageId, type SourceName } from './records/ids.ts';
import { showFinding } from './records/issue.ts';
import { silent } from './records/telemetry.ts';
import { runMeshServer } from './stand-ins/mesh/run.ts';
import { conservation } from './store/conservation.ts';
import { createContentStore } from './store/content.ts';
import { openStore } from './store/open.ts';
import { type DaemonTelemetry, openTelemetry } from './telemetry/telemetry.ts';

/** The composition root: the one file that knows every room. */

const packageRoot = join(__dirname, __dirname.endsWith('dist') ? '..' : '.');

const version = (): string => {
  const manifest: unknown = JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8'));
  return typeof manifest === 'object' && manifest !== null && 'version' in manifest ? String(manifest.version) : 'unknown';
};

const telemetryOf = ({ config }: LoadedConfig, json = false): DaemonTelemetry =>
  openTelemetry({
    log: { level: config.log.level, format: json ? 'json' : config.log.format, base: { site: config.site } },
    process: true,
  });

/** The store alone, for a verb of the command line; nothing is started but an embedded server nobody else runs. */
const operations = async ({ config }: LoadedConfig): Promise<Operations> => {
  const { url, keys, connections } = config.store;
  const store = await openStore({
    data: config.data,
    ...(url === undefined ? {} : { url: url.reveal() }),
    ...(keys === undefined ? {} : { keys: keys.reveal() }),
    pool: { max: Math.min(4, connections), statementTimeout: config.advanced.statementTimeout },
    telemetry: silent,
  });
  const content = createContentStore(store.database, store.vault);
  return createOperations({ database: store.database, vault: store.vault, content, migrated: store.migrated, close: () => store.close() });
};

/** After everything is closed, before the process ends whatever is still open. */
const LINGER_MS = 500;

/** Resolves at the first SIGTERM or SIGINT; a second one ends the process at once. */
const toldToStop = (): Promise<void> =>
  new Promise((resolve) => {
    const first = () => {
      for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => process.exit(EXIT.failed));
      resolve();
    };
    process.once('SIGTERM', first);
    process.once('SIGINT', first);
  });

/** From the first moment on, so that a SIGHUP that comes early ends nothing; it is heeded once there is a daemon. */
const reloadOnHangup = (loaded: LoadedConfig, telemetry: DaemonTelemetry): { readonly heed: (daemon: RunningDaemon) => void } => {
  let running: RunningDaemon | undefined;
  let asked = false;
  const reload = async (): Promise<void> => {
    asked = running === undefined;
    if (running === undefined) return;
    const { loaded: next, findings } = loadConfig(loaded.file);
    if (next === undefined) running.refused(findings);
    // A refusal has raised its alarm already.
    else await running.reload(next).catch(() => {});
  };
  process.on('SIGHUP', () => void reload().catch((error: unknown) => telemetry.error('config.refused', error)));
  return {
    heed: (daemon) => {
      running = daemon;
      if (asked) void reload();
    },
  };
};

const start: CliContext['start'] = async (loaded, report, { json }) => {
  const telemetry = telemetryOf(loaded, json);
  const stopping = toldToStop();
  const hangups = reloadOnHangup(loaded, telemetry);
  let daemon: RunningDaemon;
  try {
    daemon = await startDaemon(loaded, telemetry, version());
  } catch (error) {
    if (!(error instanceof PlanRefused)) throw error;
    report(error.findings);
    return EXIT.failed;
  }
  hangups.heed(daemon);
  await stopping;
  await daemon.stop();
  // A far side that never answers may hold its socket open: nobody waits for it here.
  setTimeout(() => process.exit(EXIT.ok), LINGER_MS).unref();
  return EXIT.ok;
};

/** The example site on a real daemon, with its journey. */
const demo: CliContext['demo'] = async ({ exit, json }) => {
  const site = join(packageRoot, 'demo', 'site');
  const { loaded, findings } = loadConfig(join(site, 'throughcare.yaml'));
  if (loaded === undefined) {
    for (const finding of findings) process.stderr.write(`${showFinding(finding)}\n`);
    return EXIT.failed;
  }
  const boot = async (): Promise<DemoDaemon> => {
    const daemon = await startDaemon(loaded, telemetryOf(loaded), version());
    return {
      console: daemon.console,
      newest: (source, limit) => daemon.operations.listMessages({ source: brandAs<SourceName>(source), limit }),
      deliveries: async (message) =>
        (await daemon.operations.listDeliveries({ message: brandAs<MessageId>(message), limit: 1000 })).map((row) => row.state),
      conservation: async () => conservationLines(await conservation(daemon.store.database)),
      stop: () => daemon.stop(),
    };
  };
  try {
    const out = json ? process.stderr : process.stdout;
    const ended = await playDemo({ site, data: loaded.config.data, exit, out, boot, stopped: toldToStop });
    if (json) process.stdout.write(`${JSON.stringify({ ok: ended === 0 })}\n`);
    return ended === 0 ? EXIT.ok : EXIT.failed;
  } catch (error) {
    if (!(error instanceof PlanRefused)) throw error;
    for (const finding of error.findings) process.stderr.write(`${showFinding(finding)}\n`);
    return EXIT.failed;
  }
};

/** A stand-in MESH server in the foreground, without a daemon. */
const meshServer: CliContext['meshServer'] = async (asked, started) => {
  const stopping = toldToStop();
  const running = await runMeshServer(asked);
  started(running.facts);
  await stopping;
  await running.close();
  return EXIT.ok;
};

/** Runs one command line, without the program's own name; resolves with the exit code. */
export const main = (argv: readonly string[]): Promise<number> => {
  const context: CliContext = {
    out: process.stdout,
    err: process.stderr,
    environment: process.env,
    version: version(),
    user: process.env.SUDO_USER ?? userInfo().username,
    operations,
    checkPlan,
    checkConnections,
    mesh: (loaded, mailbox) => openMeshDesk(loaded, mailbox, version()),
    start,
    demo,
    meshServer,
  };
  return runCli(argv, context);
};
