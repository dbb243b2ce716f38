import { constants } from 'node:fs';
import { link, lstat, mkdir, open, rename, rm, unlink } from 'node:fs/promises';
import { errnoOf } from '../condition.ts';
import { inFolder, nthName } from './names.ts';

/** Errors by which a file system says that it has no hard links (CIFS, vfat, some FUSE mounts). */
const NO_LINKS = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK', 'EINVAL']);
const TRIES = 10_000;

const isThere = async (path: Buffer): Promise<boolean> => {
  try {
    await lstat(path);
    return true;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return false;
    throw error;
  }
};

/** Moves a file within its file system and never over another; false when `to` is taken. */
export const moveNew = async (from: Buffer, to: Buffer): Promise<boolean> => {
  try {
    await link(from, to);
  } catch (error) {
    if (errnoOf(error) === 'EEXIST') return false;
    if (!NO_LINKS.has(errnoOf(error))) throw error;
    // Without hard links the look and the move are two steps; the name is ours alone, so no one else is between them.
    if (await isThere(to)) return false;
    await rename(from, to);
    return true;
  }
  await unlink(from);
  return true;
};

/** Moves `from` into `folder` under `name`, or the next free name like it. Answers the name it has now. */
export const shelve = async (from: Buffer, folder: Buffer, name: Buffer): Promise<Buffer> => {
  for (let n = 1; n <= TRIES; n += 1) {
    const free = nthName(name, n);
    if (await moveNew(from, inFolder(folder, free))) return free;
  }
  throw new Error('no free name in the folder');
};

const TEXT_FLAGS = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL;

/**
 * Moves `from` into `folder` with a text beside it under the same name and `ending`. The text is written first: a file
 * in `error/` never lies there without its reason, and a crash between the two leaves the file where it is taken again.
 */
export const shelveWithText = async (from: Buffer, folder: Buffer, name: Buffer, ending: string, text: string): Promise<Buffer> => {
  for (let n = 1; n <= TRIES; n += 1) {
    const free = nthName(name, n);
    const beside = inFolder(folder, Buffer.concat([free, Buffer.from(ending)]));
    try {
      const handle = await open(beside, TEXT_FLAGS, 0o640);
      try {
        await handle.writeFile(text);
      } finally {
        await handle.close();
      }
    } catch (error) {
      if (errnoOf(error) === 'EEXIST') continue;
      await rm(beside, { force: true });
      throw error;
    }
    try {
      if (await moveNew(from, inFolder(folder, free))) return free;
    } catch (error) {
      await rm(beside, { force: true });
      throw error;
    }
    await rm(beside, { force: true });
  }
  throw new Error('no free name in the folder');
};

/** Makes a subfolder if it is missing. A link in its place would lead files out of the folder: refused (ENOTDIR). */
export const ownFolder = async (folder: Buffer): Promise<void> => {
  try {
    await mkdir(folder, { mode: 0o750 });
  } catch (error) {
    if (errnoOf(error) !== 'EEXIST') throw error;
    const there = await lstat(folder);
    if (!there.isDirectory()) throw Object.assign(new Error('not a folder'), { code: 'ENOTDIR' });
  }
};
