import fc from 'fast-check';
import { readBatch } from '../../../formats/hl7v2/batch.ts';
import { readMessage } from '../../../formats/hl7v2/reader.ts';

const message = (id: string): string[] => [
  `MSH|^~\\&|GP|A81001|||20260302||ORU^R01|${id}|P|2.4`,
  'PID|1||9990000018',
  `OBX|1|ST|X||value of ${id}`,
];
const file = (...lines: (string | string[])[]): Buffer => Buffer.from(`${lines.flat().join('\r')}\r`);
const ids = (bytes: Buffer): string[] => readBatch(bytes).messages.map((m) => readMessage(m.bytes).controlId);

describe('a file', () => {
  it('of one message, of several in a row, of a full batch, of parts of one', () => {
    expect(ids(file(message('A')))).toEqual(['A']);
    expect(ids(file(message('A'), message('B'), message('C')))).toEqual(['A', 'B', 'C']);
    const full = file('FHS|^~\\&|GP', 'BHS|^~\\&|GP', message('A'), message('B'), 'BTS|2', 'BHS|^~\\&|GP', message('C'), 'BTS|1', 'FTS|2');
    expect(ids(full)).toEqual(['A', 'B', 'C']);
    expect(readBatch(full).findings).toEqual([]);
    expect(ids(file('BHS|^~\\&|GP', message('A'), 'BTS|1'))).toEqual(['A']);
    expect(ids(file('FHS|^~\\&|GP', message('A'), 'FTS|1'))).toEqual(['A']);
    expect(readBatch(file('FHS|^~\\&|GP', message('A'), message('B'), 'BTS|2', 'FTS|1')).findings).toEqual([]);
  });

  it('gives each message its own bytes, up to and with its last line end', () => {
    const bytes = file('BHS|^~\\&|GP', message('A'), message('B'), 'BTS|2');
    const [a, b] = readBatch(bytes).messages;
    expect(a?.bytes.toString()).toBe(`${message('A').join('\r')}\r`);
    expect(b?.bytes.toString()).toBe(`${message('B').join('\r')}\r`);
    expect([a?.index, b?.index]).toEqual([1, 2]);
    expect(bytes.toString('utf8', b?.offset).startsWith(message('B')[0] ?? '?')).toBe(true);
    expect(a?.bytes.buffer).toBe(bytes.buffer);
  });

  it.each([['\n'], ['\r\n'], ['\r\n\r\n'], ['\r \r']])('with lines ended by %j', (end) => {
    const lines = ['FHS|^~\\&|GP', 'BHS|^~\\&|GP', ...message('A'), ...message('B'), 'BTS|2', 'FTS|1'];
    const bytes = Buffer.from(`\ufeff${lines.join(end)}${end}`);
    expect(ids(bytes)).toEqual(['A', 'B']);
    expect(readBatch(bytes).findings).toEqual([]);
  });

  it('of MLLP frames', () => {
    const bytes = Buffer.from(['A', 'B'].map((id) => `\x0b${message(id).join('\r')}\r\x1c\r`).join(''));
    expect(ids(bytes)).toEqual(['A', 'B']);
  });

  it('in UTF-16', () => {
    const text = `\ufeff${['BHS|^~\\&|GP', ...message('Ŝ1'), ...message('B'), 'BTS|3'].join('\r\n')}`;
    for (const bytes of [Buffer.from(text, 'utf16le'), Buffer.from(text, 'utf16le').swap16()]) {
      expect(ids(bytes)).toEqual(['Ŝ1', 'B']);
      expect(readBatch(bytes).findings).toMatchObject([{ code: 'batch-count', expected: 3, actual: 2 }]);
    }
  });

  it('with other delimiters in header and messages', () => {
    const bytes = file('FHS$%~\\&$GP', 'BHS#^~\\&#GP', 'MSH*^~\\&*GP******ORU^R01*X*P*2.4', message('B'), 'BTS#2#note', 'FTS$2');
    expect(ids(bytes)).toEqual(['X', 'B']);
    expect(readBatch(bytes).findings).toMatchObject([{ code: 'batch-count', at: 'FTS-1', expected: 2, actual: 1 }]);
  });
});

describe('counts', () => {
  it('that differ are told with both numbers', () => {
    const bytes = file('FHS|^~\\&', 'BHS|^~\\&', message('A'), 'BTS|1', 'BHS|^~\\&', message('B'), message('C'), 'BTS|5', 'FTS|3');
    expect(readBatch(bytes).findings).toEqual([
      { code: 'batch-count', at: 'BTS[2]-1', expected: 5, actual: 2, offset: bytes.indexOf('BTS|5') },
      { code: 'batch-count', at: 'FTS-1', expected: 3, actual: 2, offset: bytes.indexOf('FTS') },
    ]);
    expect(ids(bytes)).toEqual(['A', 'B', 'C']);
  });

  it('that are not stated are not checked', () => {
    expect(readBatch(file('BHS|^~\\&', message('A'), 'BTS', 'FTS||x')).findings).toEqual([]);
  });

  it('of an empty batch', () => {
    expect(readBatch(file('FHS|^~\\&', 'BHS|^~\\&', 'BTS|0', 'FTS|1'))).toEqual({ messages: [], findings: [] });
    expect(readBatch(file('BHS|^~\\&', 'BTS|4')).findings).toMatchObject([{ expected: 4, actual: 0 }]);
  });
});

describe('bad content', () => {
  it('of one message does not spoil its neighbours', () => {
    const bytes = file('BHS|^~\\&', message('A'), 'MSH', 'PID|rubbish', message('C'), 'BTS|3');
    const batch = readBatch(bytes);
    expect(batch.findings).toEqual([]);
    expect(batch.messages.map((m) => m.bytes.toString().split('\r')[0])).toEqual([message('A')[0], 'MSH', message('C')[0]]);
  });

  it('outside messages is told, once a run', () => {
    const bytes = file('PID|1||lost its header', 'OBX|1', message('A'), 'BTS|1', 'stray', 'more');
    expect(readBatch(bytes).findings.map((f) => [f.code, f.at])).toEqual([
      ['not-hl7', 'line 1'],
      ['not-hl7', 'line 7'],
    ]);
  });

  it.each([
    ['nothing', ''],
    ['blanks', ' \r\n'],
    ['text', 'hello\nworld'],
  ])('%s holds no message', (_, text) => {
    expect(readBatch(Buffer.from(text)).messages).toEqual([]);
  });

  it('never throws, and gives no byte to two messages', () => {
    const part = fc.oneof(
      fc.constantFrom('MSH|^~\\&|A', 'MSH', 'BHS|', 'BTS|1', 'FTS|', 'FHS|^', 'PID|1', '\r', '\n', '\x0b', '\x1c\r', '\ufeff'),
      fc.string({ maxLength: 5 }),
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 30 }), (parts) => {
        const { messages } = readBatch(Buffer.from(parts.join('')));
        for (const [i, one] of messages.entries())
          expect(one.offset).toBeGreaterThanOrEqual(i === 0 ? 0 : (messages[i - 1]?.offset ?? 0) + (messages[i - 1]?.bytes.length ?? 0));
      }),
    );
  });

  it('takes a file of 64 MB without copying it', () => {
    const one = file(message('A'));
    const bytes = Buffer.alloc(64 * 1024 * 1024, one);
    const before = process.memoryUsage().arrayBuffers;
    const { messages } = readBatch(bytes);
    expect(messages.length).toBe(Math.ceil(bytes.length / one.length));
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1024 * 1024);
  });
});
