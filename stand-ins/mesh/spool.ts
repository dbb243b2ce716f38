import { createReadStream } from 'node:fs';
import { type FileHandle, mkdir, mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';

/** The bytes of one chunk as they were sent: small ones in memory, large ones in a file, never more of a file in memory than a piece. */
export interface Body {
  readonly size: number;
  /** Undefined: it is in a file and must be streamed. */
  readonly bytes: Buffer | undefined;
  /** The file's name within the spool folder. */
  readonly file: string | undefined;
  stream(): Readable;
  remove(): Promise<void>;
}

export type Written = { readonly body: Body } | { readonly tooLarge: true };

const IN_MEMORY = 64 * 1024;
const READ_AHEAD = 256 * 1024;

/** Where bodies lie. With a folder of its own every body is a file there; without, only large ones, in a temporary folder. */
export class Spool {
  readonly #kept: string | undefined;
  #folder: Promise<string> | undefined;
  #count = 0;

  /** `kept`: folder that outlives the server. */
  constructor(kept?: string) {
    this.#kept = kept;
  }

  /** Takes a body in; gives up, and forgets it, above `limit` bytes or when the source breaks. */
  async write(name: string, source: AsyncIterable<Buffer | string>, limit: number): Promise<Written> {
    const pieces: Buffer[] = [];
    let size = 0;
    let handle: FileHandle | undefined;
    let path = '';
    let file = '';
    let whole = false;
    const threshold = this.#kept === undefined ? IN_MEMORY : 0;
    try {
      for await (const next of source) {
        const piece = typeof next === 'string' ? Buffer.from(next) : next;
        size += piece.length;
        if (size > limit) return { tooLarge: true };
        if (handle === undefined && size <= threshold) {
          pieces.push(piece);
          continue;
        }
        if (handle === undefined) {
          this.#count += 1;
          // A repeated chunk is written beside the first, which may be on its way out at this moment.
          file = `${name}.${Date.now().toString(36)}${this.#count}`;
          path = join(await this.folder(), file);
          handle = await open(path, 'wx');
          for (const early of pieces.splice(0)) await handle.appendFile(early);
        }
        await handle.appendFile(piece);
      }
      whole = true;
    } finally {
      await handle?.close();
      if (handle !== undefined && !whole) await rm(path, { force: true });
    }
    return { body: handle === undefined ? inMemory(Buffer.concat(pieces)) : inFile(path, file, size) };
  }

  /** A body that an earlier run left. */
  async found(file: string, size: number): Promise<Body> {
    return inFile(join(await this.folder(), file), file, size);
  }

  folder(): Promise<string> {
    const kept = this.#kept;
    this.#folder ??= kept === undefined ? mkdtemp(join(tmpdir(), 'mesh-server-')) : mkdir(kept, { recursive: true }).then(() => kept);
    return this.#folder;
  }

  /** Removes the temporary folder; one that is kept stays. */
  async close(): Promise<void> {
    if (this.#kept === undefined && this.#folder !== undefined) await rm(await this.#folder, { recursive: true, force: true });
  }
}

const inMemory = (bytes: Buffer): Body => ({
  size: bytes.length,
  bytes,
  file: undefined,
  stream: () => {
    throw new Error('a body in memory is not streamed');
  },
  remove: () => Promise.resolve(),
});

const inFile = (path: string, file: string, size: number): Body => ({
  size,
  bytes: undefined,
  file,
  stream: () => createReadStream(path, { highWaterMark: READ_AHEAD }),
  remove: () => rm(path, { force: true }),
});
