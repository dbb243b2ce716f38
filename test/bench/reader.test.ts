import { benchReaders, printedReaders } from '../../bench/reader.ts';

describe('the reader bench', () => {
  // It throws where two readers disagree.
  const rows = benchReaders({ runs: 1, ms: 1 });

  it('has every reader read the same of every message', () => {
    expect(rows.map((row) => row.reader)).toEqual(Array(3).fill(['plain split', 'throughcare', 'node-hl7-client']).flat());
    expect(rows.filter((row) => row.reader === 'plain split').map((row) => row.ratio)).toEqual([1, 1, 1]);
  });

  it('prints a line a row', () => {
    expect(printedReaders(rows).split('\n')).toHaveLength(10);
  });
});
