import { createHash } from 'node:crypto';
import { lstat } from 'node:fs/promises';
import { openToRead } from '../files/reading.ts';

/** The file changed while it was read: its sender is not finished with it. */
export class ChangedWhileRead extends Error {}

const PIECE = 262_144;

/** The bytes of a data file, a piece at a time. Throws ChangedWhileRead at its end where it is not the file that was begun. */
export async function* dataStream(path: Buffer, stop: AbortSignal): AsyncGenerator<Buffer> {
  const handle = await openToRead(path);
  try {
    const before = await handle.stat();
    if (!before.isFile()) throw new ChangedWhileRead();
    let size = 0;
    for (;;) {
      stop.throwIfAborted();
      const piece = Buffer.allocUnsafe(PIECE);
      const { bytesRead } = await handle.read(piece, 0, PIECE, null);
      if (bytesRead === 0) break;
      size += bytesRead;
      yield piece.subarray(0, bytesRead);
    }
    const after = await handle.stat();
    if (size !== before.size || after.size !== before.size || after.mtimeMs !== before.mtimeMs) throw new ChangedWhileRead();
  } finally {
    await handle.close();
  }
}

/** SHA-256 (hex) of a control file's bytes and its data: the identity of a pair that carries no id. */
export const pairDigest = async (ctl: Buffer, dat: Buffer, stop: AbortSignal): Promise<string> => {
  const hash = createHash('sha256').update(ctl);
  for await (const piece of dataStream(dat, stop)) hash.update(piece);
  return hash.digest('hex');
};

export const isEmpty = async (path: Buffer): Promise<boolean> => (await lstat(path)).size === 0;
