import fc from 'fast-check';
import { type Delimiters, STANDARD_DELIMITERS } from '../../../formats/hl7v2/delimiters.ts';
import { escapeFormatted, escapeText, layOut, lines, unescapeText } from '../../../formats/hl7v2/escape.ts';

const utf8 = (bytes: Buffer): string => bytes.toString('utf8');
const latin1 = (bytes: Buffer): string => bytes.toString('latin1');
const read = (text: string, d: Delimiters = STANDARD_DELIMITERS): string => unescapeText(text, d, utf8);

/** Any set of five or six different visible characters that are no letters or digits. */
const delimiters: fc.Arbitrary<Delimiters> = fc
  .tuple(fc.shuffledSubarray([...'!"#$%&\'()*+,-./:;<=>?@[\\]^_`{|}~'], { minLength: 6, maxLength: 6 }), fc.boolean())
  .map(([[field = '', component = '', repetition = '', esc = '', subcomponent = '', truncation = ''], withTruncation]) => ({
    field,
    component,
    repetition,
    escape: esc,
    subcomponent,
    ...(withTruncation && { truncation }),
  }));
const anyText = fc.oneof(fc.string({ unit: 'binary' }), fc.string({ unit: fc.constantFrom(...'\\|^~&#FSTREXH.br0Dé\r\n\t') }));

describe('unescapeText', () => {
  it.each([
    ['a\\F\\b', 'a|b'],
    ['\\S\\\\T\\\\R\\\\E\\', '^&~\\'],
    ['\\X41\\', 'A'],
    ['\\X4142\\c', 'ABc'],
    ['\\X0D0A\\', '\r\n'],
    ['\\XC3A9\\', 'é'],
    ['\\XC3\\\\XA9\\', 'é'],
    ['x\\XC3\\\\XA9\\y\\F\\\\X41\\', 'xéy|A'],
    ['\\x41\\', '\\x41\\'],
    ['\\XZZ\\', '\\XZZ\\'],
    ['\\X414\\', '\\X414\\'],
    ['\\X\\', '\\X\\'],
    ['\\.br\\', '\\.br\\'],
    ['\\H\\bold\\N\\', '\\H\\bold\\N\\'],
    ['\\C2842\\', '\\C2842\\'],
    ['\\M242842\\', '\\M242842\\'],
    ['\\Zlocal\\', '\\Zlocal\\'],
    ['\\P\\', '\\P\\'],
    ['\\f\\', '\\f\\'],
    ['\\\\', '\\\\'],
    ['\\', '\\'],
    ['a\\', 'a\\'],
    ['C:\\Reports\\x', 'C:\\Reports\\x'],
    ['\\\\server\\share\\Fred\\', '\\\\server\\share\\Fred\\'],
    ['C:\\Reports\\F\\x', 'C:\\Reports|x'],
    ['\\E\\F\\E\\', '\\F\\'],
    ['\\E\\X41\\E\\', '\\X41\\'],
  ])('%j is %j', (raw, expected) => {
    expect(read(raw)).toBe(expected);
  });

  it('decodes hex in the set it is given', () => {
    expect(unescapeText('\\XE9\\', STANDARD_DELIMITERS, latin1)).toBe('é');
  });

  it('reads \\P\\ where the message declares a truncation character', () => {
    expect(read('5\\P\\', { ...STANDARD_DELIMITERS, truncation: '#' })).toBe('5#');
  });

  it('lays out while unescaping, telling \\.br\\ from an escaped one', () => {
    expect(unescapeText('a\\.br\\b\\E\\.br\\E\\c', STANDARD_DELIMITERS, utf8, true)).toBe('a\nb\\.br\\c');
  });
});

describe('layOut', () => {
  it.each([
    ['one\\.br\\two', 'one\ntwo'],
    ['one\\.sp\\two\\.sp 2\\three\\.sp+1\\four', 'one\ntwo\n\nthree\nfour'],
    ['a\\.sk3\\b', 'a   b'],
    ['\\.in+4\\a\\.ti-2\\b\\.fi\\\\.nf\\', 'ab'],
    ['title\\.ce\\text', 'title\ntext'],
    ['\\H\\bold\\N\\ plain', 'bold plain'],
    ['C:\\Reports\\x', 'C:\\Reports\\x'],
    ['\\Zx\\.br\\y', '\\Zx\ny'],
  ])('%j is %j', (raw, expected) => {
    expect(layOut(raw)).toBe(expected);
  });

  it('gives lines', () => {
    expect(lines('a\\.br\\b\r\nc\rd\ne')).toEqual(['a', 'b', 'c', 'd', 'e']);
  });
});

describe('escapeText', () => {
  it('leaves no delimiter and no control character', () => {
    fc.assert(
      fc.property(anyText, delimiters, (text, d) => {
        const written = escapeText(text, d);
        for (const char of [d.field, d.component, d.repetition, d.subcomponent]) expect(written).not.toContain(char);
        expect(written).not.toMatch(/[\x00-\x1f\x7f]/);
      }),
    );
  });

  it('is undone by unescapeText', () => {
    fc.assert(fc.property(anyText, delimiters, (text, d) => expect(unescapeText(escapeText(text, d), d, utf8)).toBe(text)));
  });

  it('reads any text without an error, and text without its escape character as it stands', () => {
    fc.assert(
      fc.property(anyText, delimiters, (text, d) => {
        const value = unescapeText(text, d, utf8);
        if (!text.includes(d.escape)) expect(value).toBe(text);
      }),
    );
  });

  it('writes line ends of formatted text as \\.br\\', () => {
    expect(escapeFormatted('a|b\r\nc\nd', STANDARD_DELIMITERS)).toBe('a\\F\\b\\.br\\c\\.br\\d');
  });
});
