import { hasControlCharacter, isChecksum, MEX, MEX_V1, readChunkRange, readFlag, writeChunkRange } from '../../../formats/mesh/headers.ts';

describe('MESH headers', () => {
  it('are the same names in both versions but for capitals', () => {
    for (const name of Object.values(MEX)) expect(MEX_V1[name].toLowerCase()).toBe(name);
  });

  it.each([
    ['1:1', { chunk: 1, of: 1 }],
    [' 3 : 10 ', { chunk: 3, of: 10 }],
    ['1:0', { chunk: 1, of: 0 }],
    ['0:1', undefined],
    ['2:1', undefined],
    ['2:0', undefined],
    ['1', undefined],
    ['1:2:3', undefined],
    ['a:b', undefined],
    ['-1:2', undefined],
    ['', undefined],
  ])('reads the chunk range %j', (text, range) => {
    expect(readChunkRange(text)).toEqual(range);
    if (range !== undefined) expect(readChunkRange(writeChunkRange(range))).toEqual(range);
  });

  it('reads flags in all their spellings, and does not guess', () => {
    expect(['Y', 'yes', 'TRUE', '1', 'N', 'no', 'False', '0', '', 'maybe'].map(readFlag)).toEqual([
      ...[true, true, true, true],
      ...[false, false, false, false],
      ...[undefined, undefined],
    ]);
  });

  it('knows what a checksum is made of, and control characters', () => {
    expect(['md5:0aF/-9', 'SHA 256', 'b64==', 'a_b'].map(isChecksum)).toEqual([true, true, false, false]);
    expect(['plain', 'tab\there', 'del\x7f', 'new\nline', 'é'].map(hasControlCharacter)).toEqual([false, true, true, true, false]);
  });
});
