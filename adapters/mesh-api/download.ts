import { createGunzip } from 'node:zlib';
import { MEX, readChunkRange } from '../../formats/mesh/headers.ts';
import { drained } from './drained.ts';
import { MeshContentError, MeshError } from './errors.ts';
import type { Answer, MeshHeaders } from './exchange.ts';

export interface MeshDownload {
  readonly headers: MeshHeaders;
  /** Read once. Rejects with `MeshContentError` where the content itself is at fault, with `MeshError` where the way to it is. */
  readonly body: AsyncIterable<Buffer>;
}

/** Times a chunk that broke off is asked for again without a byte more than before. */
const TRIES = 3;

/** Each chunk is compressed on its own; what the headers of the message say of compression proves nothing. */
const isGzip = (headers: MeshHeaders, chunk: number): boolean => {
  const encoding = (headers['content-encoding'] ?? 'identity').toLowerCase();
  if (encoding === 'gzip' || encoding === 'x-gzip') return true;
  if (encoding === 'identity') return false;
  throw new MeshContentError({ trouble: 'encoding', chunk });
};

async function* gunzip(body: AsyncIterable<Buffer>, chunk: number): AsyncGenerator<Buffer> {
  const stream = createGunzip();
  let arrived: unknown;
  const feed = async (): Promise<void> => {
    try {
      for await (const piece of body) {
        if (stream.destroyed) return;
        if (!stream.write(piece)) await drained(stream);
      }
      stream.end();
    } catch (error) {
      arrived = error;
      stream.destroy();
    }
  };
  const feeding = feed();
  try {
    for await (const piece of stream) yield piece as Buffer;
  } catch (error) {
    // Whether the bytes did not come, or came and are no gzip.
    throw arrived ?? new MeshContentError({ trouble: 'gzip', chunk }, { cause: error });
  } finally {
    stream.destroy();
    await feeding;
  }
  if (arrived !== undefined) throw arrived;
}

/** Whether more chunks follow. The range decides where there is one: trusting the status alone could lose what is behind. */
const isLast = (answer: Answer, chunk: number, known: number | null): { readonly last: boolean; readonly of: number | null } => {
  const text = answer.headers[MEX.chunkRange];
  const range = text === undefined ? undefined : readChunkRange(text);
  if (range === undefined) return { last: answer.status !== 206, of: known };
  if (range.of === 0) return { last: true, of: 0 };
  if (range.chunk !== chunk || (known !== null && known !== range.of)) throw new MeshContentError({ trouble: 'chunk-range', chunk });
  return { last: range.chunk >= range.of, of: range.of };
};

/** The content over all chunks, in order. `first` is the answer for chunk 1. */
export async function* downloadBody(first: Answer, ask: (chunk: number) => Promise<Answer>): AsyncGenerator<Buffer> {
  let of: number | null = null;
  for (let chunk = 1; ; chunk += 1) {
    let answer: Answer = chunk === 1 ? first : await ask(chunk);
    const place = isLast(answer, chunk, of);
    of = place.of;
    // Bytes of this chunk that were given out; after a break the same are skipped.
    let given = 0;
    for (let failures = 0; ; ) {
      const before = given;
      let at = 0;
      try {
        for await (const piece of isGzip(answer.headers, chunk) ? gunzip(answer.body, chunk) : answer.body) {
          const fresh = piece.subarray(Math.max(0, given - at));
          at += piece.length;
          if (fresh.length === 0) continue;
          given += fresh.length;
          yield fresh;
        }
        if (at < given) throw new MeshContentError({ trouble: 'chunk-range', chunk });
        break;
      } catch (error) {
        failures = given > before ? 1 : failures + 1;
        if (!(error instanceof MeshError && error.passing) || failures >= TRIES) throw error;
        answer = await ask(chunk);
      }
    }
    if (place.last) return;
  }
}
