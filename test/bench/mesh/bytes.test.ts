import { gzipSync } from 'node:zlib';
import { type Kind, largeBytes } from '../../../bench/mesh/bytes.ts';

const whole = async (kind: Kind, seed: string, size: number): Promise<Buffer> => {
  const pieces: Buffer[] = [];
  for await (const piece of largeBytes(kind, seed, size)) pieces.push(piece);
  return Buffer.concat(pieces);
};

describe('large messages of the bench', () => {
  it.each(['random', 'text'] as const)('of %s are as long as asked for, the same for one seed, others for another', async (kind) => {
    const first = await whole(kind, 'a', 600_001);
    expect(first).toHaveLength(600_001);
    expect((await whole(kind, 'a', 600_001)).equals(first)).toBe(true);
    expect((await whole(kind, 'b', 600_001)).equals(first)).toBe(false);
    // Pieces differ, too.
    expect(first.subarray(0, 262_144).equals(first.subarray(262_144, 524_288))).toBe(false);
  });

  it('compress where they should, and do not where they should not', async () => {
    expect(gzipSync(await whole('random', 'a', 600_000)).length).toBeGreaterThan(600_000);
    expect(gzipSync(await whole('text', 'a', 600_000)).length).toBeLessThan(300_000);
  });
});
