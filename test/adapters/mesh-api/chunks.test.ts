import fc from 'fast-check';
import { chunkAt, LEAST_BODY, MOST_BODY, MOST_CHUNKS, planChunks, planOf } from '../../../adapters/mesh-api/chunks.ts';

const MB = 1024 * 1024;

describe('how a payload is cut for MESH', () => {
  it('sends what fits into one body as one', () => {
    expect(planChunks(20 * MB, 20 * MB)).toEqual({ size: 20 * MB, count: 1 });
    expect(planChunks(1, 20 * MB)).toEqual({ size: 1, count: 1 });
  });

  it('cuts 500 MB into 25 parts of 20 MB', () => {
    const plan = planChunks(500 * MB, 20 * MB);
    expect(plan).toEqual({ size: 500 * MB, count: 25 });
    if (plan === null) return;
    expect(chunkAt(plan, 1)).toEqual({ chunk: 1, of: 25, from: 0, length: 20 * MB });
    expect(chunkAt(plan, 25)).toEqual({ chunk: 25, of: 25, from: 480 * MB, length: 20 * MB });
  });

  it('has no plan for nothing, and none for more than the service takes', () => {
    expect(planChunks(0, 20 * MB)).toBeNull();
    expect(planChunks(MOST_BODY * MOST_CHUNKS + 1, 100 * MB)).toBeNull();
  });

  it('covers every byte once, in order, within the limits of the service', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 300_000 * MB }), fc.integer({ min: 1024, max: 100 * MB }), (size, chunkSize) => {
        const plan = planChunks(size, chunkSize);
        if (plan === null) throw new Error('no plan');
        expect(plan.count).toBeLessThanOrEqual(MOST_CHUNKS);
        let at = 0;
        // Each of many would take long: the first ones, and the last.
        for (let chunk = 1; chunk <= Math.min(plan.count, 50); chunk += 1) {
          const { from, length, of } = chunkAt(plan, chunk);
          expect([from, of]).toEqual([at, plan.count]);
          expect(length).toBeGreaterThan(0);
          expect(length).toBeLessThanOrEqual(MOST_BODY);
          if (chunk < plan.count && chunkSize > LEAST_BODY) expect(length).toBeGreaterThan(LEAST_BODY);
          at += length;
        }
        const last = chunkAt(plan, plan.count);
        expect(last.from + last.length).toBe(size);
        expect(last.length).toBeGreaterThan(0);
      }),
    );
  });

  it('cuts at the same places for who knows only the number of parts, whatever part size is configured by then', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5_000 * MB }), fc.integer({ min: 1024, max: 100 * MB }), (size, chunkSize) => {
        const plan = planChunks(size, chunkSize);
        expect(plan).not.toBeNull();
        expect(planOf(size, plan?.count ?? 0)).toEqual(plan);
      }),
    );
  });

  it('knows a number of parts that cannot be of this payload', () => {
    expect(planOf(10, 11)).toBeNull();
    expect(planOf(10, 0)).toBeNull();
    expect(planOf(200 * MB, 1)).toBeNull();
    expect(planOf(10, 6)).toBeNull();
    expect(planOf(10, 5)).toEqual({ size: 10, count: 5 });
  });
});
