/** A body that ended within the first so many bytes, or what was read of one and the rest of it. */
export type BodyBeginning =
  | { readonly whole: true; readonly bytes: Buffer }
  | { readonly whole: false; readonly bytes: Buffer; readonly rest: AsyncIterable<Buffer> };
/** A body that could not be had, and what came of it. */
export interface BrokenBody {
  readonly failure: unknown;
  readonly bytes: Buffer;
}

/** Reads a body up to `most` bytes, so that a small one is out of the way of the connection before it is journalled. */
export const beginningOf = async (body: AsyncIterable<Buffer>, most: number): Promise<BodyBeginning | BrokenBody> => {
  const iterator = body[Symbol.asyncIterator]();
  const pieces: Buffer[] = [];
  let size = 0;
  try {
    while (size <= most) {
      const next = await iterator.next();
      if (next.done === true) return { whole: true, bytes: Buffer.concat(pieces, size) };
      pieces.push(next.value);
      size += next.value.length;
    }
  } catch (failure) {
    return { failure, bytes: Buffer.concat(pieces, size) };
  }
  const rest: AsyncIterable<Buffer> = { [Symbol.asyncIterator]: () => iterator };
  return { whole: false, bytes: Buffer.concat(pieces, size), rest };
};

/** The body put together again. What ended it too early is kept, whatever its reader makes of that. */
export class WatchedBody {
  /** What the body itself failed with; undefined where it did not. */
  failure: unknown;
  /** Beginning of what was read, for a person to see. */
  head: Buffer = Buffer.alloc(0);
  size = 0;
  readonly #source: AsyncIterator<Buffer>;
  readonly #first: Buffer;

  constructor(begun: BodyBeginning) {
    this.#first = begun.bytes;
    this.#source = begun.whole ? none() : begun.rest[Symbol.asyncIterator]();
  }

  async *pieces(): AsyncGenerator<Buffer> {
    this.#seen(this.#first);
    yield this.#first;
    try {
      for (let next = await this.#source.next(); next.done !== true; next = await this.#source.next()) {
        this.#seen(next.value);
        yield next.value;
      }
    } catch (error) {
      this.failure = error;
      throw error;
    }
  }

  /** Gives up what its reader left: the connection is not waited for any more. */
  async close(): Promise<void> {
    await this.#source.return?.();
  }

  #seen(piece: Buffer): void {
    this.size += piece.length;
    if (this.head.length < MOST_HEAD) this.head = Buffer.concat([this.head, piece.subarray(0, MOST_HEAD - this.head.length)]);
  }
}

const MOST_HEAD = 64 * 1024;

async function* none(): AsyncGenerator<Buffer> {}
