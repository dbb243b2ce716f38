import { execFileSync } from 'node:child_process';
import { chmod, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { connectionUrl } from '../../store/pool.ts';
import { Child } from '../adapters/support/child.ts';
import { type TestDatabase, testDatabase } from './database.ts';
import { type ReceiverName, type SiteEdits, type Source, writeSite } from './example-site.ts';
import { MllpClient } from './mllp-client.ts';
import { MllpReceiver } from './mllp-receiver.ts';
import { type StoreProxy, storeProxy } from './store-proxy.ts';
import { type Disposable, temporaryFolder } from './temp.ts';

/** The example site on a daemon in a process of its own, which has its own memory, limits and rights. */
export interface ChildSite {
  readonly folder: string;
  /** The run's database; null where the daemon has its embedded one. */
  readonly db: TestDatabase | null;
  readonly daemon: Child;
  readonly receivers: Readonly<Record<ReceiverName, MllpReceiver>>;
  connect(source: Source): Promise<MllpClient>;
  /** Most bytes held since it was last asked. */
  most(): Promise<number>;
  log(): Promise<string>;
  close(): Promise<void>;
}

export interface ChildSiteOptions extends SiteEdits {
  /** Runs as nobody where the test runs as root: permissions count. */
  readonly unprivileged?: boolean;
  /** An embedded PostgreSQL of its own, which inherits the limit. */
  readonly embedded?: boolean;
  /** Most bytes a file of its processes may have. */
  readonly fileSize?: number;
}

const NOBODY = '65534:65534';

const ownStore = async (temp: Disposable): Promise<{ readonly db: TestDatabase; readonly proxy: StoreProxy; readonly url: string }> => {
  const db = await testDatabase();
  await writeFile(join(temp.path, 'keys'), db.keys);
  // The server lets in the user of this process alone; the daemon, who may be another, goes through it.
  const proxy = await storeProxy(db.target);
  if ('url' in proxy.target) throw new Error('the proxy is a socket');
  await chmod(proxy.target.socketDirectory, 0o755);
  await chmod(join(proxy.target.socketDirectory, `.s.PGSQL.${proxy.target.port}`), 0o777);
  return { db, proxy, url: connectionUrl(proxy.target) };
};

export const openChildSite = async (options: ChildSiteOptions = {}): Promise<ChildSite> => {
  const temp = await temporaryFolder('child');
  const receivers = await Promise.all([MllpReceiver.listen(), MllpReceiver.listen(), MllpReceiver.listen()]);
  const [leeds, moorland, hillLane] = receivers;
  const store = options.embedded === true ? null : await ownStore(temp);
  await writeSite(
    temp.path,
    [leeds.port, moorland.port, hillLane.port],
    options,
    store === null ? undefined : { url: store.url, keys: '${file:keys}' },
  );
  const unprivileged = options.unprivileged === true;
  if (unprivileged && process.getuid?.() === 0) {
    execFileSync('chown', ['-R', NOBODY, temp.path]);
    await chmod(temp.path, 0o755);
  }
  const daemon = new Child(require.resolve('./site-daemon.ts'), { folder: temp.path, unprivileged }, options.fileSize);
  const clients: MllpClient[] = [];
  const up = await daemon.says('that it is up', (line) => line.up === true).catch((error: unknown) => error);
  const close = async (): Promise<void> => {
    for (const client of clients) client.destroy();
    await daemon.stop();
    await Promise.all(receivers.map((receiver) => receiver.close()));
    await store?.proxy.close();
    await store?.db.close();
    await temp.remove();
  };
  if (up instanceof Error) {
    await close();
    throw up;
  }
  const told = up as Readonly<Record<string, unknown>>;
  let asked = 0;
  return {
    folder: temp.path,
    db: store?.db ?? null,
    daemon,
    receivers: { leeds, moorland, hillLane },
    connect: async (source) => {
      const client = await MllpClient.open(Number(/:(\d+)$/.exec(String(told[source]))?.[1]));
      clients.push(client);
      return client;
    },
    most: async () => {
      asked += 1;
      const wanted = asked;
      daemon.tell('most');
      await daemon.says('what it holds', () => daemon.said.filter((line) => 'most' in line).length >= wanted);
      return Number(daemon.said.filter((line) => 'most' in line)[wanted - 1]?.most);
    },
    log: () => readFile(join(temp.path, 'daemon.log'), 'utf8'),
    close,
  };
};
