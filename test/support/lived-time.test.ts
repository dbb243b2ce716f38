import { livedTime } from './lived-time.ts';

describe('the stopwatch of a process', () => {
  it('counts what the process lived through, and little of what it stood still', async () => {
    const watch = livedTime();
    await new Promise((resolve) => setTimeout(resolve, 300));
    const lived = watch.ms();
    expect(lived).toBeGreaterThan(250);
    // As a stop by a signal looks from inside: nothing runs until it is over.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1_500);
    expect(watch.ms() - lived).toBeLessThanOrEqual(1_000);
    expect(watch.ms() - lived).toBeGreaterThan(500);
    watch.stop();
  });
});
