import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, lstat, open, rm } from 'node:fs/promises';
import type { OutboundDelivery } from '../../records/ports.ts';
import { errnoOf } from '../condition.ts';

const CREATE = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
/** Errors by which a file system says that folders cannot be synced; nothing is wrong then. */
const NO_FOLDER_SYNC = new Set(['EINVAL', 'ENOTSUP', 'EOPNOTSUPP', 'EPERM', 'EISDIR', 'EBADF']);

/** Errors by which a rename says that it was not done. */
const REFUSED = new Set(['ENOSPC', 'EDQUOT', 'EACCES', 'EPERM', 'EROFS', 'EXDEV', 'EISDIR']);

/** A network mount may fail a rename that was done: only a clear refusal says that it was not. */
export const wasNotRenamed = (error: unknown): boolean => REFUSED.has(errnoOf(error));

/** The payload could not be read to its end, or its time was up: the folder is not to blame. */
export class PayloadFailure extends Error {}

const writeAll = async (handle: FileHandle, bytes: Buffer): Promise<void> => {
  let written = 0;
  // A full disk or a size limit may take a part first; the error comes with the next write.
  while (written < bytes.length) written += (await handle.write(bytes, written, bytes.length - written)).bytesWritten;
};

/** The payload's chunks; what goes wrong in reading them is told apart from what goes wrong in writing. */
async function* payloadOf(delivery: OutboundDelivery): AsyncIterable<Buffer> {
  try {
    yield* delivery.stream();
  } catch (error) {
    throw new PayloadFailure('payload', { cause: error });
  }
}

/** Makes a file anew, and has it on the disk before it returns. What lay under the name is removed first. */
const writeNew = async (path: string, mode: number, write: (handle: FileHandle) => Promise<void>): Promise<void> => {
  // Left by an attempt under the same token that could not clear up.
  await rm(path, { force: true });
  const handle = await open(path, CREATE, mode);
  try {
    await write(handle);
    await handle.sync();
  } finally {
    await handle.close();
  }
};

export const writeBytes = (path: string, bytes: Buffer, mode: number): Promise<void> =>
  writeNew(path, mode, (handle) => writeAll(handle, bytes));

/** Rejects with PayloadFailure where the payload ends early or `deadline` comes, else with the system's error. */
export const writePayload = (path: string, delivery: OutboundDelivery, mode: number, deadline: AbortSignal): Promise<void> =>
  writeNew(path, mode, async (handle) => {
    if (delivery.bytes !== null) {
      await writeAll(handle, delivery.bytes);
      return;
    }
    let size = 0;
    for await (const chunk of payloadOf(delivery)) {
      if (deadline.aborted) throw new PayloadFailure();
      size += chunk.length;
      await writeAll(handle, chunk);
    }
    // A payload cut short must not be handed over as whole.
    if (size !== delivery.size) throw new PayloadFailure();
  });

/** Has the names in a folder on the disk. */
export const syncFolder = async (folder: string): Promise<void> => {
  try {
    const handle = await open(folder, constants.O_RDONLY);
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (!NO_FOLDER_SYNC.has(errnoOf(error))) throw error;
  }
};

/** What lies under a name of `folder`: nothing, the delivery's own bytes, or something else. Throws where the folder cannot be looked into. */
export const compareWith = async (folder: string, path: string, delivery: OutboundDelivery): Promise<'absent' | 'ours' | 'other'> => {
  try {
    const there = await lstat(path);
    if (!there.isFile() || there.size !== delivery.size) return 'other';
    const handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW);
    const hash = createHash('sha256');
    for await (const chunk of handle.createReadStream()) hash.update(chunk);
    return hash.digest('hex') === (await delivery.digest()) ? 'ours' : 'other';
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error;
    // The folder itself may be what is missing: then nothing is known of the file.
    await lstat(folder);
    return 'absent';
  }
};
