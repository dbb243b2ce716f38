import { readOptions } from '../../bench/main.ts';
import type { Run } from '../../bench/measure.ts';
import { cellOf, judge, printed } from '../../bench/report.ts';
import { stagesBetween } from '../../bench/stages.ts';

const run = (change: Partial<Run>): Run => ({
  backend: 'redis',
  connections: 10,
  messages: 1_000,
  acknowledged: 2_100,
  delivered: 2_050,
  p50: 4,
  p95: 9,
  p99: 15,
  most: 40,
  refused: 0,
  undelivered: 0,
  repeated: 0,
  misordered: 0,
  cpu: { daemon: 0.3, postgres: 0.2, redis: 0.05, generator: 0.05, receiver: 0.03 },
  insert: { one: 2_000, ten: 7_000 },
  stages: {},
  ...change,
});

describe('report of the bench', () => {
  it('gives medians of rates and sums of faults', () => {
    const cell = cellOf([run({ delivered: 900 }), run({ delivered: 2_500, repeated: 2 }), run({ delivered: 2_050, repeated: 1 })]);
    expect(cell).toMatchObject({ delivered: 2_050, repeated: 3, runs: 3 });
  });

  it('holds a slow machine to ratios of its own INSERT rate, a quiet one to rates', () => {
    const goal = (inserts: number, delivered: number) =>
      judge([cellOf([run({ delivered, insert: { one: inserts, ten: 5_000 } })])], []).find(({ what }) =>
        what.endsWith('delivered a second'),
      );
    expect(goal(2_000, 1_999)).toMatchObject({ wanted: '≥ 2000', met: false });
    expect(goal(900, 950)).toMatchObject({ wanted: '≥ 900 (1 × 900 INSERT/s)', met: true });
  });

  it('says a lost message and a growing heap are goals not met', () => {
    const heap = {
      backend: 'embedded' as const,
      at: [20_000, 100_000].map((messages, at) => ({ messages, bytes: (50 + at * 11) * 1_048_576 })),
    };
    const missed = judge([cellOf([run({ undelivered: 1 })])], [heap]).filter(({ met }) => !met);
    expect(missed.map(({ measured }) => measured)).toEqual(['1', '11.0 MB']);
  });

  it('prints every cell, stage, place and goal', () => {
    const cells = [cellOf([run({ stages: { map: { ms: 0.021, times: 1 } } })])];
    const profiles = [{ backend: 'redis' as const, places: [{ place: 'store', ms: 0.101 }] }];
    const text = printed({ machine: { cores: 2, node: 'v20', load: [0, 0, 0] }, cells, heaps: [], profiles, goals: judge(cells, []) });
    for (const part of ['2050', 'map', '0.021', 'store', '0.101', 'met']) expect(text).toContain(part);
  });

  it('takes the time by stage from the difference of two looks at the metrics', () => {
    const text = (sum: number, count: number): string =>
      `# TYPE throughcare_stage_seconds histogram\nthroughcare_stage_seconds_bucket{le="1",stage="map"} 3\nthroughcare_stage_seconds_sum{stage="map"} ${sum}\nthroughcare_stage_seconds_count{stage="map"} ${count}\n`;
    expect(stagesBetween(text(1, 100), text(1.5, 150), 100)).toEqual({ map: { ms: 5, times: 0.5 } });
  });

  it('refuses options without sense', () => {
    expect(readOptions(['--quick', '--backends', 'redis'])).toMatchObject({ runs: 1, heap: false, backends: ['redis'] });
    expect(() => readOptions(['--backends', 'mongo'])).toThrow('neither redis nor embedded');
    expect(() => readOptions(['--runs', '0'])).toThrow('not a whole number');
    expect(readOptions(['--no-heap'])).toMatchObject({ heap: false, runs: 3 });
  });
});
