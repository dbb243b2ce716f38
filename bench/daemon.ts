import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ensureServer } from '../store/embedded/embedded.ts';
import type { ConnectionTarget } from '../store/pool.ts';
import { eventually } from '../test/support/eventually.ts';
import { freePort } from '../test/support/free-port.ts';
import { type PrivateRedis, startRedis } from '../test/support/redis.ts';
import { temporaryFolder } from '../test/support/temp.ts';
import { cpuOfFamily, postmasterOf } from './processes.ts';
import { Remote } from './remote.ts';

export type Backend = 'redis' | 'embedded';

/** One daemon on a new store, with the receiver it delivers to. */
export interface Rig {
  readonly backend: Backend;
  /** MLLP port of the daemon. */
  readonly port: number;
  readonly daemon: Remote;
  readonly generator: Remote;
  readonly receiver: Remote;
  /** The daemon's own PostgreSQL. */
  readonly target: ConnectionTarget;
  /** Milliseconds of processor time so far; undefined where this platform does not tell. */
  cpu(): Promise<{ readonly daemon: number; readonly postgres: number | undefined; readonly redis: number | undefined }>;
  /** The text of /metrics. */
  metrics(): Promise<string>;
  end(): Promise<void>;
}

const root = join(__dirname, '..', '..');
const compiled = (name: string): string => join(__dirname, `${name}.js`);

interface Site {
  readonly folder: string;
  readonly source: number;
  readonly console: number;
  readonly receiver: number;
  readonly redis: string;
}

/** The configuration of the bench, as an operator would write it. */
const siteFile = ({ folder, source, console, receiver, redis }: Site): string => `site: bench
environment: test
data: ${join(folder, 'data')}
store:
  url: ""
queue:
  redis: ${redis === '' ? '""' : redis}
console:
  listen: 127.0.0.1:${console}
directory: ${join(root, 'bench/site/directory.yaml')}
mappings:
  - ${join(root, 'bench/site/mappings')}
zone: Europe/London
sources:
  near-side:
    kind: mllp
    listen: 127.0.0.1:${source}
    system: nomis
destinations:
  far-side:
    kind: mllp
    host: 127.0.0.1
    port: ${receiver}
    connections: 8
    mappings: [bench/movement-out]
routes:
  - name: everything-to-the-far-side
    when: kind = custody
    to: far-side
  - name: demographics-kept
    when: kind = patient
    file: demographics travel with the movements
`;

async function startDaemon(site: Site): Promise<Remote> {
  const file = join(site.folder, 'throughcare.yaml');
  await mkdir(join(site.folder, 'data'), { recursive: true });
  await writeFile(file, siteFile(site));
  const { DATABASE_URL: _database, REDIS_URL: _redis, ...environment } = process.env;
  const entry = join(root, 'cli/throughcare.mjs');
  // The flags of `npm start`, and what the probe needs.
  const flags = ['--max-semi-space-size=64', '--expose-gc', '--require', compiled('probe')];
  const daemon = Remote.start([...flags, entry, 'start', '--config', file], environment);
  await eventually(
    async () => {
      if (!daemon.running) return 'ended';
      return (await fetch(`http://127.0.0.1:${site.console}/readyz`)).status;
    },
    (status) => status === 200 || status === 'ended',
    { within: 60_000, every: 50, what: 'the daemon' },
  );
  if (!daemon.running) throw new Error(`the daemon ended:\n${daemon.said}`);
  return daemon;
}

/** Starts receiver, generator, queue backend and daemon, each a process of its own. */
export async function startRig(backend: Backend): Promise<Rig> {
  const folder = await temporaryFolder('bench');
  const redis: PrivateRedis | undefined = backend === 'redis' ? await startRedis() : undefined;
  const receiver = Remote.start([compiled('receiver')]);
  const generator = Remote.start([compiled('generator')]);
  const [source, console] = [await freePort(), await freePort()];
  const daemon = await startDaemon({
    folder: folder.path,
    source,
    console,
    receiver: await receiver.call<number>('listen'),
    redis: redis?.url ?? '',
  });
  const { target, cluster } = await ensureServer(join(folder.path, 'data'));
  const postmaster = postmasterOf(cluster);
  return {
    backend,
    port: source,
    daemon,
    generator,
    receiver,
    target,
    cpu: async () => ({
      daemon: await daemon.call<number>('cpu'),
      postgres: cpuOfFamily(postmaster),
      redis: redis === undefined ? undefined : cpuOfFamily(redis.pid),
    }),
    metrics: async () => (await fetch(`http://127.0.0.1:${console}/metrics`)).text(),
    end: async () => {
      await daemon.end();
      await Promise.all([generator.end(), receiver.end(), redis?.stop()]);
      await folder.remove();
    },
  };
}
