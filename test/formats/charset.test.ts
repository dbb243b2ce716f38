import fc from 'fast-check';
import {
  decideCharset,
  decode,
  encode,
  encodingNamed,
  hidesStructure,
  hl7Name,
  isKnownEncoding,
  travelsInMllp,
  wideEncoding,
} from '../../formats/charset.ts';

describe('names of MSH-18', () => {
  it.each([
    ['ASCII', 'ascii'],
    ['8859/1', 'iso-8859-1'],
    ['8859/15', 'iso-8859-15'],
    ['UNICODE UTF-8', 'utf-8'],
    ['utf-8', 'utf-8'],
    [' UNICODE UTF-8 ', 'utf-8'],
    ['GB 18030-2000', 'gb18030'],
    ['ISO IR87', ''],
    ['UNICODE', undefined],
    ['toString', undefined],
    ['', undefined],
  ])('%j is %j', (name, expected) => {
    expect(encodingNamed(name)).toBe(expected);
  });

  it('come back as names of the table', () => {
    expect(['utf-8', 'iso-8859-1', 'iso-8859-15', 'windows-1252', 'ascii', 'koi8-r'].map(hl7Name)).toEqual([
      'UNICODE UTF-8',
      '8859/1',
      '8859/15',
      '8859/1',
      '',
      '',
    ]);
    expect(['8859/1', 'UTF-8', 'windows-1252', 'ISO IR87', 'rubbish'].map(isKnownEncoding)).toEqual([true, true, true, false, false]);
  });

  it('tell what MLLP cannot carry and what hides delimiters', () => {
    expect(['utf-8', 'iso-8859-1', 'utf-16le', 'utf-32'].map(travelsInMllp)).toEqual([true, true, false, false]);
    expect(['utf-8', 'gb18030', 'big5', 'euc-kr'].map(hidesStructure)).toEqual([false, true, true, false]);
  });
});

describe('decideCharset', () => {
  const bytes = (...values: number[]) => Buffer.from([0x4d, 0x53, 0x48, 0x7c, ...values]);

  it.each([
    ['', [0xc3, 0xa9], 'utf-8', 'assumed', true],
    ['', [0xe9], 'windows-1252', 'fallback', true],
    ['UNICODE', [0xc3, 0xa9], 'utf-8', 'assumed', true],
    ['rubbish', [0xe9], 'windows-1252', 'fallback', true],
    ['UNICODE UTF-8', [0xc3, 0xa9], 'utf-8', 'declared', true],
    ['UNICODE UTF-8', [0xe9], 'utf-8', 'declared', false],
    // An overlong form and half a surrogate pair are no UTF-8.
    ['UNICODE UTF-8', [0xc0, 0xaf], 'utf-8', 'declared', false],
    ['UNICODE UTF-8', [0xed, 0xa0, 0x80], 'utf-8', 'declared', false],
    ['8859/1', [0xe9], 'iso-8859-1', 'declared', true],
    ['8859/1', [0x93, 0x94], 'windows-1252', 'fallback', true],
    ['8859/7', [0xff], 'iso-8859-7', 'declared', false],
    ['8859/7', [0xe1], 'iso-8859-7', 'declared', true],
    ['ASCII', [0x41], 'ascii', 'declared', true],
    ['ASCII', [0xe9], 'windows-1252', 'declared', false],
    ['UNICODE UTF-16', [0x41], 'utf-8', 'fallback', false],
    ['JAS2020', [0x41], 'utf-8', 'fallback', false],
  ])('%j with %j', (declared, values, used, how, valid) => {
    expect(decideCharset(declared, bytes(...values))).toEqual({ declared, used, how, valid });
  });

  it('sees UTF-16 in the bytes', () => {
    const wide = Buffer.from('MSH|', 'utf16le');
    expect(wideEncoding(wide)).toBe('utf-16le');
    expect(wideEncoding(Buffer.from(wide).swap16())).toBe('utf-16be');
    expect(wideEncoding(Buffer.from('\ufeffMSH', 'utf16le'))).toBe('utf-16le');
    expect(wideEncoding(Buffer.from('MSH|'))).toBeUndefined();
    expect(wideEncoding(Buffer.alloc(8))).toBeUndefined();
  });
});

describe('encode and decode', () => {
  it('undo each other for what the set has', () => {
    const latin = fc.string({
      unit: fc
        .integer({ min: 0x20, max: 0xff })
        .filter((n) => n < 0x7f || n > 0x9f)
        .map((n) => String.fromCharCode(n)),
    });
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => expect(decode(encode(text, 'UNICODE UTF-8').bytes, 'utf-8')).toBe(text)),
    );
    fc.assert(fc.property(latin, (text) => expect(decode(encode(text, '8859/1').bytes, 'iso-8859-1')).toBe(text)));
    expect(decode(encode('“€”', 'windows-1252').bytes, 'windows-1252')).toBe('“€”');
  });

  it('counts what the set has not', () => {
    expect(encode('Škoda é', '8859/1')).toEqual({ bytes: Buffer.from('?koda é', 'latin1'), lost: 1 });
    expect(encode('é漢', 'ASCII').lost).toBe(2);
    expect(encode('a\ud800b', 'utf-8').lost).toBe(1);
    expect(encode('😀', 'utf-8').lost).toBe(0);
  });
});
