import { Writable } from 'node:stream';
import { drained } from '../../../adapters/mesh-api/drained.ts';

describe('waiting for a stream that is full', () => {
  it('leaves no listener behind, however often it is waited for', async () => {
    const taken: number[] = [];
    const stream = new Writable({
      highWaterMark: 1,
      write: (chunk: Buffer, _encoding, done) => {
        taken.push(chunk.length);
        setImmediate(done);
      },
    });
    const before = [stream.listenerCount('drain'), stream.listenerCount('close')];
    for (let n = 1; n <= 50; n += 1) {
      expect(stream.write(Buffer.alloc(n))).toBe(false);
      await drained(stream);
      expect(taken).toHaveLength(n);
    }
    expect([stream.listenerCount('drain'), stream.listenerCount('close')]).toEqual(before);
  });

  it('ends when the stream is closed', async () => {
    const stream = new Writable({ highWaterMark: 1, write: () => undefined });
    stream.write(Buffer.alloc(2));
    const waited = drained(stream);
    stream.destroy();
    await waited;
    expect(stream.destroyed).toBe(true);
  });
});
