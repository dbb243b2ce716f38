import fc from 'fast-check';
import { decodeBase64 } from '../../formats/base64.ts';

describe('decodeBase64', () => {
  it('undoes the encoding, whatever line ends the sender put in, and whatever pieces it is read in', () => {
    const ends = fc.constantFrom('', '\r\n', '\n', ' ', '\\.br\\', '\\X0D\\', '\\X0D0A\\', '\\X0a\\');
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 1, maxLength: 300 }),
        ends,
        fc.integer({ min: 1, max: 80 }),
        fc.boolean(),
        fc.boolean(),
        fc.constantFrom(4, 8, 12, 64, 192 * 1024),
        (bytes, end, width, padded, closed, piece) => {
          const encoded = Buffer.from(bytes)
            .toString('base64')
            .replace(padded ? /$^/ : /=+$/, '');
          const wrapped = encoded.replace(new RegExp(`.{${width}}`, 'g'), (line) => `${line}${end}`) + (closed ? end : '');
          expect(decodeBase64(Buffer.from(wrapped), piece)).toEqual(Buffer.from(bytes));
        },
      ),
      { numRuns: 500 },
    );
  });

  it('takes a document of megabytes, line by line', () => {
    const bytes = Buffer.from(Array.from({ length: 700_000 }, (_, i) => (i * 31) % 256));
    for (const width of [76, 77, 64])
      for (const end of ['', '\r\n', '\\.br\\', '\\X0D0A\\'])
        expect(
          decodeBase64(Buffer.from(bytes.toString('base64').replace(new RegExp(`.{${width}}`, 'g'), (line) => line + end)))?.equals(bytes),
        ).toBe(true);
  });

  it.each([
    'QUJ*',
    'QUJDR',
    'QU=JD',
    'QUJD====',
    'QUJD=',
    'QUI==',
    'QUI=QUI=',
    'data:QUJD',
    '\\F\\',
    'QUJD\\F\\',
    'QUJD\\.b',
    'Q',
    '',
    '\r\n',
    '==',
  ])('refuses %j, read whole or in pieces', (text) => {
    for (const piece of [4, 8, 1024]) expect(decodeBase64(Buffer.from(text), piece)).toBeUndefined();
  });

  it('refuses at once what goes on after its end, however long', () => {
    expect(decodeBase64(Buffer.from(`QUI=${'QUJD'.repeat(1_000_000)}`), 4)).toBeUndefined();
  });
});
