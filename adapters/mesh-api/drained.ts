import type { Writable } from 'node:stream';

/** Waits until a stream takes more, or is closed. Leaves no listener behind: a large body waits thousands of times. */
export const drained = (stream: Writable): Promise<void> =>
  new Promise((go) => {
    const done = (): void => {
      stream.off('drain', done);
      stream.off('close', done);
      go();
    };
    stream.once('drain', done);
    stream.once('close', done);
  });
