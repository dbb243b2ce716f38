import { execFile } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { chown, lstat, mkdir, readdir, readFile, realpath, rename, rm, rmdir, stat, writeFile } from 'node:fs/promises';
import { tmpdir, totalmem } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { Problem } from '../../records/problem.ts';
import type { Binaries } from './binaries.ts';
import { alive } from './processes.ts';
import { reachable, type ServerUser } from './server-user.ts';

export const SUPERUSER = 'throughcare';
export const PORT = 5432;
/** sun_path holds 108 bytes with its end mark; macOS 104. */
const SOCKET_PATH_LIMIT = process.platform === 'linux' ? 107 : 103;

/** Where the server keeps its files. */
export interface Place {
  /** Folder that holds the cluster, reachable by the server's user. */
  readonly home: string;
  readonly cluster: string;
  readonly sockets: string;
}

const fingerprint = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 16);

/** Root's fallback where the configured folder is closed to the server's user (a checkout under /root). */
export const SHARED_HOME = '/var/lib/throughcare';

/** Makes the fallback folder. */
export const makeSharedHome = async (folder: string): Promise<string> => {
  try {
    await mkdir(folder, { recursive: true, mode: 0o755 });
    return folder;
  } catch (cause) {
    throw new Problem(`PostgreSQL's user cannot enter this folder, and ${folder} cannot be made. Set \`data:\` to a folder outside /root`, {
      cause,
    });
  }
};

const own = async (folder: string, user: ServerUser, mode: number): Promise<void> => {
  await mkdir(folder, { recursive: true, mode });
  if (user.uid !== undefined && user.gid !== undefined) await chown(folder, user.uid, user.gid);
};

/** The socket's folder: in the data folder, or in the temporary folder where that path would be too long for a socket. */
const socketFolder = async (home: string, user: ServerUser): Promise<string> => {
  const near = join(home, 'socket');
  if (Buffer.byteLength(join(near, `.s.PGSQL.${PORT}`)) <= SOCKET_PATH_LIMIT) {
    await own(near, user, 0o700);
    return near;
  }
  const far = join(tmpdir(), `throughcare-${fingerprint(home)}`);
  await own(far, user, 0o700).catch(() => {});
  const found = await lstat(far);
  if (!found.isDirectory() || found.uid !== (user.uid ?? process.getuid?.()) || (found.mode & 0o077) !== 0)
    throw new Problem(`${far} is not this server's own folder; remove it, or set \`data:\` to a shorter path`);
  return far;
};

const ELSEWHERE = 'postgres-is-elsewhere';

/** Where the cluster of a data folder lies, whether it runs or not. */
export const clusterOf = async (data: string): Promise<string> => {
  const note = await readFile(join(data, ELSEWHERE), 'utf8').catch(() => '');
  return join(note === '' ? await realpath(data) : note.trim(), 'postgres');
};

/** Removes the socket's folder where it lies outside the data folder; the server is stopped. */
export const leavePlace = async (place: Place): Promise<void> => {
  if (!place.sockets.startsWith(place.home)) await rmdir(place.sockets).catch(() => {});
};

/** Decides where the cluster of this data folder lies, and makes the folders. */
export const findPlace = async (data: string, user: ServerUser, sharedHome: string): Promise<Place> => {
  await mkdir(data, { recursive: true, mode: 0o711 });
  const folder = await realpath(data);
  let home = folder;
  if (!(await reachable(folder, user))) {
    home = join(await makeSharedHome(sharedHome), fingerprint(folder));
    await mkdir(home, { recursive: true, mode: 0o711 });
    await writeFile(join(folder, ELSEWHERE), `${home}\n`);
  }
  return { home, cluster: join(home, 'postgres'), sockets: await socketFolder(home, user) };
};

const run = promisify(execFile);

const exists = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );

/** Drafts of processes that were killed while they made a cluster. */
const removeDrafts = async (home: string): Promise<void> => {
  for (const name of await readdir(home)) {
    const pid = /^postgres\.new-(\d+)-/.exec(name)?.[1];
    if (pid !== undefined && !alive(Number(pid))) await rm(join(home, name), { recursive: true, force: true });
  }
};

/**
 * Makes the cluster unless there is one. It is made under another name and renamed when whole, so a killed initdb leaves
 * no half cluster, and of two that begin at once one wins.
 */
export const ensureCluster = async (place: Place, binaries: Binaries, user: ServerUser): Promise<void> => {
  if (await exists(join(place.cluster, 'PG_VERSION'))) return;
  await removeDrafts(place.home);
  const draft = join(place.home, `postgres.new-${process.pid}-${randomBytes(4).toString('hex')}`);
  await own(draft, user, 0o700);
  const as = user.uid === undefined || user.gid === undefined ? {} : { uid: user.uid, gid: user.gid };
  try {
    await run(
      binaries.initdb,
      // Without an explicit encoding and locale a bare environment gives SQL_ASCII.
      [
        '-D',
        draft,
        '-U',
        SUPERUSER,
        '--encoding=UTF8',
        '--locale-provider=builtin',
        '--builtin-locale=C.UTF-8',
        '--locale=C',
        '--data-checksums',
        '--auth-local=peer',
        '--auth-host=reject',
      ],
      { ...as, cwd: '/', env: { PATH: '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' } },
    );
    await rename(draft, place.cluster);
  } catch (cause) {
    await rm(draft, { recursive: true, force: true });
    if (await exists(join(place.cluster, 'PG_VERSION'))) return;
    const said = cause instanceof Error && 'stderr' in cause ? String(cause.stderr).trim().split('\n').slice(-3).join(' | ') : '';
    throw new Problem(`initdb failed${said === '' ? '' : `: ${said}`}`, { cause });
  }
};

const MEGABYTE = 1024 * 1024;

/** One sixteenth of the machine's memory, 64 to 256 MB. */
const sharedBuffers = (): number => Math.min(256, Math.max(64, Math.floor(totalmem() / MEGABYTE / 16)));

const SETTINGS: Readonly<Record<string, string>> = {
  listen_addresses: '',
  port: String(PORT),
  unix_socket_permissions: '0700',
  max_connections: '100',
  shared_buffers: `${sharedBuffers()}MB`,
  fsync: 'on',
  synchronous_commit: 'on',
  full_page_writes: 'on',
  wal_compression: 'on',
  wal_buffers: '16MB',
  // Keys by hash touch random pages; each is written whole once a checkpoint, so checkpoints are rare.
  checkpoint_timeout: '15min',
  max_wal_size: '2GB',
  min_wal_size: '128MB',
  // Two cores are shared with the daemon: reads come from the page cache, I/O workers would only switch contexts.
  io_method: 'sync',
  jit: 'off',
  autovacuum_naptime: '15s',
  autovacuum_max_workers: '2',
  idle_in_transaction_session_timeout: '60s',
  timezone: 'UTC',
  log_timezone: 'UTC',
  datestyle: 'ISO, MDY',
  lc_messages: 'C',
  // Statements and DETAIL quote values; the server's log must hold none.
  log_error_verbosity: 'terse',
  log_min_error_statement: 'panic',
  log_min_messages: 'log',
  log_checkpoints: 'off',
  logging_collector: 'off',
};

const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`;

/** Writes the server's settings and who may connect, each time before it is started: they belong to the program. */
export const configureCluster = async (place: Place, user: ServerUser, settings: Readonly<Record<string, string>> = {}): Promise<void> => {
  const all = { ...SETTINGS, unix_socket_directories: place.sockets, ...settings };
  const lines = Object.entries(all).map(([name, value]) => `${name} = ${quoted(value)}`);
  await put(join(place.cluster, 'postgresql.conf'), `# Written by Throughcare at every start.\n${lines.join('\n')}\n`, user);
  await put(join(place.cluster, 'pg_hba.conf'), `local all ${SUPERUSER} peer map=${SUPERUSER}\n`, user);
  await put(join(place.cluster, 'pg_ident.conf'), `${SUPERUSER} "${user.client}" ${SUPERUSER}\n`, user);
};

const put = async (file: string, text: string, user: ServerUser): Promise<void> => {
  const draft = join(dirname(file), `.${randomBytes(6).toString('hex')}.draft`);
  await writeFile(draft, text, { mode: 0o600 });
  if (user.uid !== undefined && user.gid !== undefined) await chown(draft, user.uid, user.gid);
  await rename(draft, file);
};
