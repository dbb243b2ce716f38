import type { Chunk } from './chunks.ts';
import type { UploadBody } from './exchange.ts';
import { gzipped, type Payload } from './payload.ts';
import type { Progress } from './send-failure.ts';

/** How often, in ms, an answer that is waited for counts as going on; the client's own time limit ends the wait. */
const BEAT = 1_000;

export interface Upload {
  readonly body: UploadBody;
  /** How far the latest attempt came. */
  readonly progress: Progress;
  /** The requests are over. */
  end(): void;
}

/** One chunk as a request body, read anew at each attempt. `goesOn` is called while bytes move and while the answer is waited for. */
export const uploadOf = (payload: Payload, { from, length }: Chunk, gzip: boolean, goesOn: () => void): Upload => {
  const progress = { begun: false, whole: false };
  const last = (): void => {
    // By its length the service knows the end of a body that is not compressed; of a compressed one it learns it after the last byte.
    if (!gzip) progress.whole = true;
  };
  const beat = setInterval(() => {
    if (progress.whole) goesOn();
  }, BEAT);
  return {
    progress,
    body: {
      ...(gzip ? {} : { size: length }),
      async *open() {
        progress.begun = true;
        progress.whole = false;
        const plain = payload.read(from, length, last);
        for await (const piece of gzip ? gzipped(plain) : plain) {
          goesOn();
          yield piece;
        }
        progress.whole = true;
      },
    },
    end: () => clearInterval(beat),
  };
};
