import type { Drain } from '../../../bench/mesh/drain.ts';
import { readMeshOptions } from '../../../bench/mesh/main.ts';
import type { LargeRun } from '../../../bench/mesh/memory.ts';
import { judgeMesh, printedMesh } from '../../../bench/mesh/report.ts';

const run = (change: Partial<LargeRun>): LargeRun => ({
  workflow: 'BENCH_MESH',
  kind: 'random',
  chunkBytes: 50_000_000,
  chunks: 10,
  idle: 150,
  above: 40,
  received: 10,
  forwarded: 20,
  same: true,
  ...change,
});
const none = { missing: 0, repeated: 0, unprocessed: 0, fetchedAgain: 0 };
const drain = (change: Partial<Drain>): Drain => ({
  mailboxes: 1,
  messages: 5_000,
  rate: 200,
  processed: 190,
  cpu: { daemon: 2, standIn: 1, postgres: 1 },
  concurrent: 1,
  faults: none,
  ...change,
});

describe('report of the MESH bench', () => {
  it('says which goals are not met', () => {
    const missed = judgeMesh({
      memory: { idle: 150, runs: [run({ above: 63.9 }), run({ above: 64 }), run({ same: false })] },
      drains: [
        drain({ rate: 149 }),
        drain({ mailboxes: 50, rate: 399 }),
        drain({ faults: { ...none, repeated: 1 } }),
        drain({ concurrent: 2 }),
      ],
      pair: { messages: 5_000, killedAt: 1_700, takeover: 6, concurrent: 1, faults: { ...none, missing: 2 } },
    }).filter(({ met }) => !met);
    expect(missed.map(({ measured }) => measured)).toEqual(['64.0 MB', 'no', '149', '399', '0/1/0', '2', '2/0/0']);
  });

  it('takes no message that was fetched again after a kill for one that was repeated', () => {
    const pair = { messages: 5_000, killedAt: 1_700, takeover: 6, concurrent: 1, faults: { ...none, fetchedAgain: 3 } };
    expect(judgeMesh({ drains: [], pair }).every(({ met }) => met)).toBe(true);
  });

  it('prints what was measured and leaves out what was not', () => {
    const goals = judgeMesh({ drains: [drain({})] });
    const text = printedMesh({ machine: { cores: 2, node: 'v20', load: [0, 0, 0] }, drains: [drain({})], goals });
    expect(text).toContain('5000 messages in one mailbox: a second');
    expect(text).not.toContain('Large messages');
    const all = printedMesh({
      machine: { cores: 2, node: 'v20', load: [0, 0, 0] },
      memory: { idle: 151, runs: [run({})] },
      drains: [],
      pair: { messages: 5_000, killedAt: 1_700, takeover: 6.04, concurrent: 1, faults: none },
      idle: { mailboxes: 250, looks: 1, cpu: { daemon: 3_210, postgres: 900 }, memory: 190 },
      goals: [],
    });
    for (const part of ['151 MB idle at first', '500 MB in 10, incompressible, to mesh', '40.0', 'after 6.0 s', '3.21 s CPU'])
      expect(all).toContain(part);
  });

  it('refuses options without sense', () => {
    expect(readMeshOptions(['--only', 'one,idle', '--json'])).toEqual({ parts: ['one', 'idle'], quick: false, json: true });
    expect(() => readMeshOptions(['--only', 'two'])).toThrow('none of memory');
  });
});
