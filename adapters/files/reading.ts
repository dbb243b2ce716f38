import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';

/** The bytes of a file that did not change while it was read, or why there are none. */
export type Reading =
  | { readonly kind: 'whole'; readonly bytes: Buffer; readonly modified: Date }
  | { readonly kind: 'too-large'; readonly head: Buffer; readonly size: number }
  /** Size or time changed under the reading: its sender is still writing. */
  | { readonly kind: 'growing' }
  /** A link, a pipe, a device: nothing that is taken. */
  | { readonly kind: 'not-a-file' };

const HEAD = 65_536;

/** Reads until `into` is full or the file ends; answers the number of bytes read. */
const fill = async (handle: FileHandle, into: Buffer): Promise<number> => {
  let filled = 0;
  while (filled < into.length) {
    const { bytesRead } = await handle.read(into, filled, into.length - filled, null);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return filled;
};

/** Opens without following a link and without waiting on a pipe. Throws the system's error (EACCES, ELOOP, ENOENT …). */
export const openToRead = (path: Buffer): Promise<FileHandle> =>
  open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);

/** Reads a whole file of at most `maxSize` bytes into memory. */
export const readWhole = async (handle: FileHandle, maxSize: number): Promise<Reading> => {
  const before = await handle.stat();
  if (!before.isFile()) return { kind: 'not-a-file' };
  if (before.size > maxSize) {
    const head = Buffer.allocUnsafe(HEAD);
    return { kind: 'too-large', head: head.subarray(0, await fill(handle, head)), size: before.size };
  }
  // One byte more than it should hold, so that growth is noticed by reading, too.
  const into = Buffer.allocUnsafe(before.size + 1);
  const size = await fill(handle, into);
  const after = await handle.stat();
  if (size !== before.size || after.size !== before.size || after.mtimeMs !== before.mtimeMs) return { kind: 'growing' };
  return { kind: 'whole', bytes: into.subarray(0, size), modified: after.mtime };
};
