import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startEmbedded } from '../../store/embedded/embedded.ts';
import { makeKeys, showKeys } from '../../store/keys.ts';
import { type ConnectionTarget, connectionUrl } from '../../store/pool.ts';
import { eventually } from '../../test/support/eventually.ts';
import { freePort } from '../../test/support/free-port.ts';
import { temporaryFolder } from '../../test/support/temp.ts';
import { cpuOfFamily, postmasterOf } from '../processes.ts';
import { Remote } from '../remote.ts';
import { type MeshFacts, siteFile } from './site.ts';

/** A stand-in MESH server, a PostgreSQL, and daemons of one site on both; each a process of its own. */
export interface MeshRig {
  readonly folder: string;
  readonly standIn: Remote;
  readonly daemons: readonly Remote[];
  readonly target: ConnectionTarget;
  /** Milliseconds of processor time so far; undefined where this platform does not tell. */
  cpu(): Promise<MeshCpu>;
  end(): Promise<void>;
}
export interface MeshCpu {
  readonly daemon: number;
  readonly standIn: number | undefined;
  readonly postgres: number | undefined;
}
export interface MeshRigOptions {
  readonly mailboxes: readonly string[];
  /** As the configuration writes it. */
  readonly poll: string;
  readonly daemons?: number;
}

const root = join(__dirname, '..', '..', '..');
export const mailboxIds = (count: number): readonly string[] =>
  Array.from({ length: count }, (_, n) => `BENCH${String(n + 1).padStart(3, '0')}`);

async function startDaemon(site: Parameters<typeof siteFile>[0]): Promise<Remote> {
  await mkdir(join(site.folder, 'data'), { recursive: true });
  const file = join(site.folder, `throughcare-${site.console}.yaml`);
  await writeFile(file, siteFile(site), { mode: 0o600 });
  const { DATABASE_URL: _database, REDIS_URL: _redis, ...environment } = process.env;
  // The flags of `npm start`, and what the probe needs.
  const flags = ['--max-semi-space-size=64', '--expose-gc', '--require', join(__dirname, '..', 'probe.js')];
  const daemon = Remote.start([...flags, join(root, 'cli/throughcare.mjs'), 'start', '--config', file], environment);
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

/** Starts everything; what was started before something failed is ended. */
export async function startMeshRig({ mailboxes, poll, daemons: count = 1 }: MeshRigOptions): Promise<MeshRig> {
  const { path: folder, remove } = await temporaryFolder('bench-mesh');
  const ends: (() => Promise<unknown>)[] = [remove];
  const end = async (): Promise<void> => {
    for (const each of ends.splice(0).reverse()) await each();
  };
  try {
    const server = await startEmbedded(join(folder, 'postgres'));
    ends.push(() => server.leave());
    const standIn = Remote.start([join(__dirname, 'stand-in.js')]);
    ends.push(() => standIn.end());
    const mesh = await standIn.call<MeshFacts>('start', { mailboxes, folder: join(folder, 'tls') });
    ends.push(() => standIn.call('close'));
    const database = connectionUrl(server.target);
    const keys = showKeys(makeKeys()).trim().replaceAll('\n', ' ');
    const daemons: Remote[] = [];
    ends.push(() => Promise.all(daemons.map((daemon) => daemon.end())));
    for (let n = 0; n < count; n += 1)
      daemons.push(await startDaemon({ folder, root, mesh, mailboxes, poll, database, keys, console: await freePort() }));
    const postmaster = postmasterOf(server.cluster);
    const cpu = async (): Promise<MeshCpu> => {
      const each = await Promise.all(daemons.filter((daemon) => daemon.running).map((daemon) => daemon.call<number>('cpu')));
      return {
        daemon: each.reduce((sum, one) => sum + one, 0),
        standIn: cpuOfFamily(standIn.child.pid ?? 0),
        postgres: cpuOfFamily(postmaster),
      };
    };
    return { folder, standIn, daemons, target: server.target, cpu, end };
  } catch (error) {
    await end();
    throw error;
  }
}
