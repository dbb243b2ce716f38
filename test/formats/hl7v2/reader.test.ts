import fc from 'fast-check';
import { readMessage, UNNAMED } from '../../../formats/hl7v2/reader.ts';
import { ThroughcareError } from '../../../records/faults.ts';

const bytes = (text: string): Buffer => Buffer.from(text, 'utf8');
const message = (...segments: string[]) => readMessage(bytes(`${segments.join('\r')}\r`));
const MSH = 'MSH|^~\\&|NOMIS|LEI|TC|HUB|20260302140500||ADT^A01^ADT_A01|M1|P|2.4';

const codeOf = (run: () => unknown): string => {
  try {
    run();
  } catch (error) {
    if (error instanceof ThroughcareError) return error.code;
    throw error;
  }
  return 'no error';
};

describe('header', () => {
  it('tells the facts of MSH', () => {
    const m = message(`${MSH}|||AL|NE|GBR|UNICODE UTF-8`);
    expect([m.code, m.trigger, m.structure, m.controlId, m.processingId, m.version]).toEqual(['ADT', 'A01', 'ADT_A01', 'M1', 'P', '2.4']);
    expect([m.sendingApplication, m.sendingFacility, m.receivingApplication, m.receivingFacility]).toEqual(['NOMIS', 'LEI', 'TC', 'HUB']);
    expect([m.acceptAck, m.applicationAck]).toEqual(['AL', 'NE']);
  });

  it('gives MSH-1 and MSH-2 whole and counts fields as the standard does', () => {
    const msh = message(MSH).segments[0];
    expect(msh?.text(1)).toBe('|');
    expect(msh?.text(2)).toBe('^~\\&');
    expect(msh?.text(2, 1, 2)).toBeUndefined();
    expect(
      msh
        ?.field(2)
        .repetitions()
        .map((r) => [r.raw, r.componentCount(), r.component(1), r.text()]),
    ).toEqual([['^~\\&', 1, '^~\\&', '^~\\&']]);
    expect(msh?.field(1).raw).toBe('|');
    expect(msh?.fieldCount()).toBe(12);
  });

  it('leaves out what the header leaves out', () => {
    const m = message('MSH|^~\\&|||||||ACK');
    expect([m.code, m.trigger, m.structure, m.controlId, m.version, m.acceptAck]).toEqual(['ACK', '', '', '', '', '']);
  });
});

describe('values', () => {
  const m = message(
    MSH,
    'PID|1||9990000018^^^NHS&2.16.840.1.113883.2.1.4.1&ISO^NH~A1234BC^^^^PI||SAMPLE&van^Alex^J||19810203|M|""||~second||||""^x',
    'OBX|1|ST|A^One||x',
    'OBX|2|ST|B^Two||y',
  );
  const pid = m.first('PID');

  it('finds field, repetition, component and subcomponent', () => {
    expect(pid?.text(3)).toBe('9990000018');
    expect(pid?.text(3, 2)).toBe('A1234BC');
    expect(pid?.text(3, 2, 5)).toBe('PI');
    expect(pid?.text(3, 1, 4)).toBe('NHS');
    expect(pid?.text(3, 1, 4, 2)).toBe('2.16.840.1.113883.2.1.4.1');
    expect(pid?.text(5, 1, 1, 2)).toBe('van');
  });

  it('answers undefined for what is not there, at every depth', () => {
    expect([pid?.text(2), pid?.text(99), pid?.text(3, 3), pid?.text(3, 1, 9), pid?.text(3, 1, 4, 9), pid?.text(0), pid?.text(-1)]).toEqual(
      Array(7).fill(undefined),
    );
    expect(pid?.text(11)).toBeUndefined();
    expect(pid?.text(11, 2)).toBe('second');
    expect(pid?.field(99)).toMatchObject({ raw: '', exists: false, isNull: false });
    expect(pid?.field(99).repetitions()).toEqual([]);
  });

  it('keeps the null apart from the empty field and from text', () => {
    expect(pid?.field(9).isNull).toBe(true);
    expect(pid?.text(9)).toBe('""');
    expect(pid?.field(10).isNull).toBe(false);
    expect(pid?.field(10).exists).toBe(false);
    expect(pid?.field(15).isNull).toBe(false);
    expect(pid?.text(15)).toBe('""');
  });

  it('lists repetitions with their components', () => {
    const [nhs, prison] = pid?.field(3).repetitions() ?? [];
    expect(nhs?.componentCount()).toBe(5);
    expect([nhs?.component(1), nhs?.component(2), nhs?.component(6), nhs?.subcomponent(4, 3), nhs?.subcomponentCount(4)]).toEqual([
      '9990000018',
      undefined,
      undefined,
      'ISO',
      3,
    ]);
    expect(nhs?.rawComponent(4)).toBe('NHS&2.16.840.1.113883.2.1.4.1&ISO');
    expect(prison?.text()).toBe('A1234BC^^^^PI');
    expect(
      pid
        ?.field(11)
        .repetitions()
        .map((r) => r.raw),
    ).toEqual(['', 'second']);
  });

  it('numbers segments by name and in the message', () => {
    expect(m.named('OBX').map((s) => [s.ordinal, s.index, s.text(3)])).toEqual([
      [1, 2, 'A'],
      [2, 3, 'B'],
    ]);
    expect(m.first('ZZZ')).toBeUndefined();
    expect(m.named('ZZZ')).toEqual([]);
  });

  it('gives bytes and offsets of values in the original', () => {
    const span = pid?.span(5, 1, 2);
    expect(span && m.bytes.toString('utf8', span.start, span.end)).toBe('Alex');
    expect(pid?.fieldBytes(8).toString()).toBe('M');
    expect(pid?.bytesOf(3, 2, 5).toString()).toBe('PI');
    expect(pid?.bytesOf(50).length).toBe(0);
    expect(m.bytes.toString('latin1', pid?.start, pid?.end)).toBe(pid?.raw);
  });
});

describe('line ends and what stands around them', () => {
  const texts = (raw: string) => readMessage(bytes(raw)).segments.map((s) => s.raw);
  const expected = [MSH, 'PID|1||X', 'NTE|1||end'];

  it.each([
    ['CR', expected.join('\r')],
    ['CR, closed', `${expected.join('\r')}\r`],
    ['LF', `${expected.join('\n')}\n`],
    ['CRLF', `${expected.join('\r\n')}\r\n`],
    ['mixed', `${expected[0]}\r\n${expected[1]}\n${expected[2]}\r`],
    ['one CR in an LF file', `${expected[0]}\r${expected[1]}\n${expected[2]}\n`],
    ['blank lines', `\r\n\r\n${expected.join('\r\r\n\n')}\r\n\r\n`],
    ['lines of blanks', `${expected.join('\r   \r\t\r')}\r   \r`],
    ['byte-order mark', `\ufeff${expected.join('\r')}`],
    ['0x0B and blanks before MSH', `\x0b  ${expected.join('\r')}`],
    ['a whole MLLP frame', `\x0b${expected.join('\r')}\r\x1c\r`],
    ['blank before a segment', expected.join('\r ')],
  ])('%s', (_, raw) => {
    expect(texts(raw)).toEqual(expected);
  });

  it('keeps a line feed inside a value of a CR message', () => {
    const m = readMessage(bytes(`${MSH}\rOBX|1|TX|N||first\nsecond | third||F\rNTE|1||x\r`));
    expect(m.segments.map((s) => s.name)).toEqual(['MSH', 'OBX', 'NTE']);
    expect(m.first('OBX')?.text(5)).toBe('first\nsecond ');
    expect(m.malformed).toEqual([]);
  });

  it('points out lines that are no segments, without taking their words for a name', () => {
    const m = message(MSH, 'PID|1||X', 'Seen by Sample today', 'PV|1', 'PIDX|1', '||');
    expect(m.malformed.map((s) => s.raw)).toEqual(['Seen by Sample today', 'PV|1', 'PIDX|1', '||']);
    expect(new Set(m.malformed.map((s) => s.name))).toEqual(new Set([UNNAMED]));
    expect(m.segments).toHaveLength(6);
  });

  it('points out a second MSH', () => {
    expect(message(MSH, 'PID|1||X', MSH, 'PID|1||Y').malformed.map((s) => s.ordinal)).toEqual([2]);
  });
});

describe('delimiters', () => {
  it('takes them from the message', () => {
    const m = readMessage(bytes('MSH#*%!$#APP#FAC#####ADT*A01#ID1#P#2.4\rPID#1##A*B$C%D!T!E##x|y^z\r'));
    const pid = m.first('PID');
    expect([m.code, m.trigger, pid?.text(3, 1, 2), pid?.text(3, 1, 2, 2), pid?.text(3, 2), pid?.text(5)]).toEqual([
      'ADT',
      'A01',
      'B',
      'C',
      'D$E',
      'x|y^z',
    ]);
  });

  it.each([
    ['MSH|^|APP', { component: '^', repetition: '~', escape: '\\', subcomponent: '&' }],
    ['MSH|^~\\|APP', { component: '^', repetition: '~', escape: '\\', subcomponent: '&' }],
    ['MSH|^~\\&#|APP', { subcomponent: '&', truncation: '#' }],
    ['MSH|^~\\&', { subcomponent: '&' }],
  ])('completes a short MSH-2: %s', (raw, expected) => {
    expect(readMessage(bytes(raw)).delimiters).toMatchObject(expected);
  });

  it.each([
    ['MSH'],
    ['MSH|'],
    ['MSH||APP'],
    ['MSH|ABCD|APP'],
    ['MSH|^^^^|APP'],
    ['MSH|^~&|APP'],
    ['MSH|^~\\~|APP'],
    ['MSH|^~\\&#+|APP'],
    ['MSHA^~\\&AAPP'],
    ['MSH ^~\\& APP'],
    ['MSH\r|^~\\&|'],
  ])('refuses %j', (raw) => {
    expect(codeOf(() => readMessage(bytes(raw)))).toBe('bad-delimiters');
  });
});

describe('what is no message', () => {
  it.each([
    ['nothing', Buffer.alloc(0)],
    ['blanks', bytes(' \r\n ')],
    ['text', bytes('hello')],
    ['a message without its head', bytes('PID|1||X\rMSH|^~\\&|A\r')],
    ['a batch', bytes('FHS|^~\\&|A\rMSH|^~\\&|A\r')],
    ['binary junk', Buffer.from(Array.from({ length: 4096 }, (_, i) => (i * 7919 + 13) % 256))],
    ['zeroes', Buffer.alloc(64)],
    ['lower case', bytes('msh|^~\\&|A')],
  ])('%s', (_, raw) => {
    expect(codeOf(() => readMessage(raw))).toBe('not-hl7');
  });

  it('gives a code for any bytes, and never another error', () => {
    const byte = fc.oneof(fc.constantFrom(...Buffer.from('|^~\\&\r\n MSHPIDOBX"0')), fc.integer({ min: 0, max: 255 }));
    const head = fc.constantFrom('', 'MSH', 'MSH|', 'MSH|^~\\&|', '\xff\xfe', '\x0bMSH|^~\\&|A|||||||||||||||||GB 18030-2000\r');
    fc.assert(
      fc.property(head, fc.array(byte, { maxLength: 120 }), (start, rest) => {
        const raw = Buffer.concat([Buffer.from(start, 'latin1'), Buffer.from(rest)]);
        if (codeOf(() => readMessage(raw)) !== 'no error') return;
        const m = readMessage(raw);
        expect(typeof m.charset.valid).toBe('boolean');
        for (const segment of m.segments) {
          for (let n = 0; n <= segment.fieldCount() + 1; n++) {
            for (const repetition of segment.field(n).repetitions()) repetition.laidOut();
            const first = segment.field(n).repetitions()[0]?.component(1);
            if (n > 0) expect(segment.text(n)).toBe(first);
          }
        }
      }),
      { numRuns: 500 },
    );
  });

  it('reads an MSH followed by junk without an error', () => {
    const junk = Buffer.concat([bytes(`${MSH}\r`), Buffer.from(Array.from({ length: 2000 }, (_, i) => (i * 31 + 128) % 256))]);
    const m = readMessage(junk);
    for (const segment of m.segments)
      for (let n = 1; n <= segment.fieldCount(); n++)
        for (const r of segment.field(n).repetitions()) expect(typeof r.text()).toBe('string');
    expect(m.charset).toMatchObject({ used: 'windows-1252', how: 'fallback' });
  });
});

describe('character sets', () => {
  const withCharset = (declared: string, name: Buffer) =>
    readMessage(Buffer.concat([bytes(`${MSH}||||||${declared}\rPID|1||1||`), name, bytes('^Zo\\XC3AB\\\r')]));

  it('decodes by MSH-18, and hex escapes in the same set', () => {
    const utf8 = withCharset('UNICODE UTF-8', bytes('Škoda'));
    expect([utf8.first('PID')?.text(5), utf8.first('PID')?.text(5, 1, 2)]).toEqual(['Škoda', 'Zoë']);
    const latin = withCharset('8859/1', Buffer.from([0x4e, 0xfa, 0xf1, 0x65, 0x7a]));
    expect(latin.first('PID')?.text(5)).toBe('Núñez');
    expect(latin.first('PID')?.text(5, 1, 2)).toBe('ZoÃ«');
    const latin2 = withCharset('8859/2', Buffer.from([0xa9, 0x6b]));
    expect(latin2.first('PID')?.text(5)).toBe('Šk');
  });

  it('reports undeclared UTF-8 as assumed and other bytes as a fallback', () => {
    expect(withCharset('', bytes('Núñez')).charset).toEqual({ declared: '', used: 'utf-8', how: 'assumed', valid: true });
    const old = withCharset('', Buffer.from([0x4f, 0x92, 0x4e]));
    expect(old.charset).toEqual({ declared: '', used: 'windows-1252', how: 'fallback', valid: true });
    expect(old.first('PID')?.text(5)).toBe('O’N');
  });

  it('finds bytes that are not what MSH-18 says', () => {
    expect(withCharset('UNICODE UTF-8', Buffer.from([0xe9, 0x41])).charset.valid).toBe(false);
    expect(withCharset('ASCII', bytes('é')).charset.valid).toBe(false);
    expect(withCharset('ISO IR87', bytes('x')).charset.valid).toBe(false);
    expect(withCharset('UNICODE UTF-16', bytes('x')).charset.valid).toBe(false);
  });

  it('uses the first of several declared sets', () => {
    expect(withCharset('8859/1~UNICODE UTF-8', Buffer.from([0xe9])).charset).toMatchObject({ used: 'iso-8859-1', how: 'declared' });
  });

  it('finds the structure in sets whose bytes look like delimiters', () => {
    // In GB 18030 the second byte of this letter is 0x7C, the field separator.
    const m = withCharset('GB 18030-2000', Buffer.from([0x81, 0x7c]));
    expect(m.first('PID')?.text(5)).toBe('亅');
    expect(m.first('PID')?.fieldCount()).toBe(5);
    expect(m.charset).toMatchObject({ used: 'gb18030', valid: true });
  });

  it('reads UTF-16 files with and without a byte-order mark', () => {
    const text = `${MSH}||||||UNICODE\rPID|1||1||Škoda^Zoë\r`;
    for (const raw of [
      Buffer.from(`\ufeff${text}`, 'utf16le'),
      Buffer.from(text, 'utf16le'),
      Buffer.from(`\ufeff${text}`, 'utf16le').swap16(),
    ]) {
      const m = readMessage(raw);
      expect([m.controlId, m.first('PID')?.text(5), m.first('PID')?.text(5, 1, 2)]).toEqual(['M1', 'Škoda', 'Zoë']);
      expect(m.charset.valid).toBe(true);
      expect(m.bytes).toBe(raw);
    }
  });
});

describe('escapes', () => {
  const value = (raw: string) => message(MSH, `OBX|1|FT|X||${raw}`).first('OBX')?.text(5);

  it('replaces escapes and leaves plain backslashes alone', () => {
    expect(value('a\\F\\b\\S\\c\\T\\d\\R\\e\\E\\f')).toBe('a|b^c&d~e\\f');
    expect(value('C:\\Reports\\x')).toBe('C:\\Reports\\x');
  });

  it('lays out formatted text where asked', () => {
    const repetition = message(MSH, 'OBX|1|FT|X||one\\.br\\\\H\\two\\N\\\\.sp2\\three').first('OBX')?.field(5).repetitions()[0];
    expect(repetition?.component(1)).toBe('one\\.br\\\\H\\two\\N\\\\.sp2\\three');
    expect(repetition?.laidOut()).toBe('one\ntwo\n\nthree');
  });
});

describe('large messages', () => {
  const body = Buffer.alloc(9 * 1024 * 1024, 'QUJD');
  const raw = Buffer.concat([
    bytes(`${MSH}\rTXA|1|DS\rOBX|1|ED|PDF||^application^pdf^Base64^`),
    body,
    bytes('||||||F\rNTE|1||caf\\XC3A9\\ é\r'),
  ]);

  it('are read by spans, with the same answers', () => {
    const m = readMessage(raw);
    const obx = m.first('OBX');
    expect(m.segments.map((s) => s.name)).toEqual(['MSH', 'TXA', 'OBX', 'NTE']);
    expect([obx?.text(5, 1, 4), obx?.text(11), m.first('NTE')?.text(3), m.controlId]).toEqual(['Base64', 'F', 'café é', 'M1']);
    expect(obx?.bytesOf(5, 1, 5).equals(body)).toBe(true);
    expect(obx?.field(5).repetitions()[0]?.componentBytes(5).buffer).toBe(raw.buffer);
  });

  it('are searched for a rare delimiter once, not once a value', () => {
    const m = message(MSH, ...Array.from({ length: 500 }, (_, i) => `OBX|${i}|ST|CODE^${'long text '.repeat(6)}||${'value '.repeat(12)}`));
    const search = jest.spyOn(String.prototype, 'indexOf');
    for (const obx of m.named('OBX')) for (const n of [1, 3, 5]) obx.text(n);
    const asked = search.mock.calls.filter(([char]) => char === '~' || char === '&').length;
    search.mockRestore();
    expect(asked).toBeLessThanOrEqual(2);
  });
});
