import fc from 'fast-check';
import { batches } from '../../queues/hints.ts';
import { MOST_BYTES, MOST_HEADS, ownOptions } from '../../queues/job.ts';
import { brandAs, type DeliveryId, type LaneId, type Token } from '../../records/ids.ts';
import { PRIORITY } from '../../records/states.ts';

const heads = fc.array(
  fc.record({
    lane: fc.integer({ min: 1 }).map((n) => brandAs<LaneId>(n)),
    delivery: fc.integer({ min: 1 }).map((n) => brandAs<DeliveryId>(n)),
    priority: fc.constantFrom(...Object.values(PRIORITY)),
    size: fc.oneof(fc.integer({ min: 0, max: 2_000 }), fc.integer({ min: 0, max: 2 * MOST_BYTES })),
  }),
  { maxLength: 200 },
);

describe('jobs made of heads', () => {
  it('hold every head once, one priority each (ruling A17), and no more heads or bytes than allowed', () => {
    fc.assert(
      fc.property(heads, fc.integer({ min: 1, max: 100 }), (given, most) => {
        const jobs = batches(given, most);
        const told = jobs.flatMap((job) => job.data.h.map(([lane, delivery]) => `${lane}/${delivery}/${job.data.p}`));
        expect(told.sort()).toEqual(given.map((h) => `${h.lane}/${h.delivery}/${h.priority}`).sort());
        for (const job of jobs) {
          expect(job.data.h.length).toBeLessThanOrEqual(Math.min(MOST_HEADS, most));
          expect(job.opts?.priority).toBe(job.data.p);
          expect(job.opts?.jobId).toBeUndefined();
        }
      }),
    );
  });

  it('always have a priority, those of one head too (ruling A17)', () => {
    for (const priority of Object.values(PRIORITY))
      expect(ownOptions(brandAs<DeliveryId>(7), brandAs<Token>(3), priority, 0)).toMatchObject({ priority, jobId: 'r-7-3' });
  });

  it('let a large payload travel alone', () => {
    const of = (n: number, size: number) => ({
      lane: brandAs<LaneId>(n),
      delivery: brandAs<DeliveryId>(n),
      priority: PRIORITY.routine,
      size,
    });
    const jobs = batches([of(1, 100), of(2, MOST_BYTES), of(3, 100)], MOST_HEADS);
    expect(jobs.map((job) => job.data.h.map(([lane]) => lane))).toEqual([[1], [2], [3]]);
  });

  it('put the urgent first', () => {
    const of = (n: number, priority: (typeof PRIORITY)[keyof typeof PRIORITY]) => ({
      lane: brandAs<LaneId>(n),
      delivery: brandAs<DeliveryId>(n),
      priority,
      size: 0,
    });
    expect(batches([of(1, PRIORITY.routine), of(2, PRIORITY.urgent)], MOST_HEADS).map((job) => job.data.p)).toEqual([
      PRIORITY.urgent,
      PRIORITY.routine,
    ]);
  });
});
