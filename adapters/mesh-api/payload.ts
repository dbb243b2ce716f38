import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import type { OutboundDelivery } from '../../records/ports.ts';

/** Longest piece given at once: until the last one has left, a request is known not to be whole. */
const PIECE = 64 * 1024;

/** The payload could not be read to its end, or is shorter than it was said to be. */
export class PayloadFailure extends Error {}

/** One reading of the payload, from somewhere on. */
class Run {
  readonly #pieces: AsyncIterator<Buffer>;
  #rest: Buffer = Buffer.alloc(0);
  at: number;

  constructor(delivery: OutboundDelivery, from: number) {
    this.#pieces = delivery.stream(from)[Symbol.asyncIterator]();
    this.at = from;
  }

  /** The next bytes, without taking them; fewer at the end. */
  async peek(length: number): Promise<Buffer> {
    while (this.#rest.length < length) {
      const piece = await this.#next();
      if (piece === null) break;
      this.#rest = Buffer.concat([this.#rest, piece]);
    }
    return this.#rest.subarray(0, length);
  }

  /** The next piece, of at most so many bytes. Rejects at the end: nobody asks for more than there should be. */
  async take(most: number): Promise<Buffer> {
    const piece = this.#rest.length > 0 ? this.#rest : await this.#next();
    if (piece === null) throw new PayloadFailure('payload ends early');
    const part = piece.subarray(0, most);
    this.#rest = piece.subarray(part.length);
    this.at += part.length;
    return part;
  }

  async #next(): Promise<Buffer | null> {
    for (;;) {
      const next = await this.#pieces.next().catch((cause: unknown) => Promise.reject(new PayloadFailure('payload', { cause })));
      if (next.done === true) return null;
      if (next.value.length > 0) return next.value;
    }
  }

  close(): void {
    this.#pieces.return?.().catch(() => {});
  }
}

/**
 * A payload that is sent in parts: read once, straight on, and from the beginning of a part where that part is sent again. Never more in
 * memory than one piece of the stream.
 */
export class Payload {
  readonly #delivery: OutboundDelivery;
  #run: Run | null = null;

  constructor(delivery: OutboundDelivery) {
    this.#delivery = delivery;
  }

  /** The first bytes. Rejects with `PayloadFailure`. */
  async head(length: number): Promise<Buffer> {
    this.#run = new Run(this.#delivery, 0);
    return this.#run.peek(length);
  }

  /** One part. `last` is called before its last piece is given. Rejects with `PayloadFailure`. */
  async *read(from: number, length: number, last: () => void): AsyncGenerator<Buffer> {
    // Taken while it is read: an attempt that was given up may still be reading when the next begins.
    const run = this.#run?.at === from ? this.#run : new Run(this.#delivery, from);
    if (run !== this.#run) this.#run?.close();
    this.#run = null;
    let whole = false;
    try {
      for (let left = length; left > 0; ) {
        const piece = await run.take(Math.min(left, PIECE));
        left -= piece.length;
        if (left === 0) {
          whole = true;
          last();
        }
        yield piece;
      }
    } finally {
      if (whole) this.#run = run;
      else run.close();
    }
  }

  close(): void {
    this.#run?.close();
    this.#run = null;
  }
}

/** gzip of a stream; an error of the source is an error here. */
export async function* gzipped(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const gzip = createGzip();
  const fed = pipeline(source, gzip);
  // The reading below throws the same error.
  fed.catch(() => {});
  try {
    for await (const piece of gzip) yield piece as Buffer; // gzip gives Buffers
    await fed;
  } finally {
    gzip.destroy();
  }
}
