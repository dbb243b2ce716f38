import fc from 'fast-check';
import { type AckDraft, type AckError, buildAck, readAck } from '../../../formats/hl7v2/acknowledgement.ts';
import { readMessage } from '../../../formats/hl7v2/reader.ts';
import { salvageFacts } from '../../../formats/hl7v2/sender-facts.ts';

const at = new Date('2026-03-02T14:05:09.000Z');
const received = (version: string, rest = '', delimiters = '|^~\\&') => {
  const [f, c] = delimiters;
  const text = `MSH${delimiters}|NOMIS^1.2.3^ISO|LEI|TC|HUB|20260302||ADT^A01^ADT_A01|M|1|P|${version}${rest}\rPID|1\r`;
  return readMessage(
    Buffer.from(
      text
        .replace('|M|1|', '|M1|')
        .replaceAll('|', f ?? '')
        .replaceAll('^', c ?? ''),
      'utf8',
    ),
  );
};
const ack = (draft: Partial<AckDraft> & Pick<AckDraft, 'to'>): string[] =>
  buildAck({ code: 'AA', controlId: 'A1', at, ...draft })
    .toString('utf8')
    .split('\r');
const err: AckError = { code: 201, location: 'MSH^1^9', text: 'event not taken', severity: 'E' };

describe('buildAck', () => {
  it('swaps sender and receiver and echoes id, processing id and version', () => {
    expect(ack({ to: received('2.4') })).toEqual([
      'MSH|^~\\&|TC|HUB|NOMIS^1.2.3^ISO|LEI|20260302140509+0000||ACK^A01^ACK|A1|P|2.4',
      'MSA|AA|M1',
      '',
    ]);
  });

  it('has ERR in the form of the sender’s version', () => {
    expect(ack({ to: received('2.4'), code: 'AR', err }).slice(1)).toEqual([
      'MSA|AR|M1|event not taken',
      'ERR|MSH^1^9^201&Unsupported event code&HL70357',
      '',
    ]);
    expect(ack({ to: received('2.5.1'), code: 'AR', err }).slice(1)).toEqual([
      'MSA|AR|M1',
      'ERR||MSH^1^9|201^Unsupported event code^HL70357|E||||event not taken',
      '',
    ]);
    expect(ack({ to: received('2.3'), code: 'AE', err: { code: 207 } }).slice(1)).toEqual([
      'MSA|AE|M1',
      'ERR|^^^207&Application internal error&HL70357',
      '',
    ]);
    expect(ack({ to: received('2.7'), code: 'AE', err: { code: 207 } }).slice(1)).toEqual([
      'MSA|AE|M1',
      'ERR|||207^Application internal error^HL70357|E',
      '',
    ]);
  });

  it('uses sound separators whatever the sender’s, and escapes what they would break', () => {
    const to = readMessage(Buffer.from('MSH#*%!$#A|B*1#F^1#TC#HUB###ADT*A01#M~1#P#2.4\r'));
    expect(ack({ to })).toEqual(['MSH|^~\\&|TC|HUB|A\\F\\B^1|F\\S\\1|20260302140509+0000||ACK^A01^ACK|A1|P|2.4', 'MSA|AA|M\\R\\1', '']);
  });

  it('replaces an unsound processing id and version', () => {
    expect(ack({ to: received('9.9.9') })[0]).toMatch(/\|P\|2\.4$/);
    expect(ack({ to: readMessage(Buffer.from('MSH|^~\\&|A|B|C|D|||ADT^A01|M1|X|\r')) })[0]).toMatch(/\|ACK\^A01\^ACK\|A1\|P\|2\.4$/);
  });

  it('answers what has no MSH with sound separators and an empty MSA-2', () => {
    expect(ack({ to: undefined, code: 'AR', err: { code: 100, location: 'MSH^1' } })).toEqual([
      'MSH|^~\\&|||||20260302140509+0000||ACK|A1|P|2.4',
      'MSA|AR',
      'ERR|MSH^1^^100&Segment sequence error&HL70357',
      '',
    ]);
  });

  it('answers in the sender’s character set, and declares the one it had to take instead', () => {
    const latin = readMessage(Buffer.from('MSH|^~\\&|Zoë|B|C|D|||ADT^A01|M1|P|2.4||||||8859/1\r', 'latin1'));
    expect(buildAck({ to: latin, code: 'AA', controlId: 'A1', at }).toString('latin1')).toMatch(/\|Zoë\|.*\|8859\/1\rMSA/);
    const undeclared = readMessage(Buffer.from('MSH|^~\\&|Zoë|B|C|D|||ADT^A01|M1|P|2.4\r'));
    expect(ack({ to: undeclared })[0]).toMatch(/\|Zoë\|.*\|UNICODE UTF-8$/);
  });

  it('echoes what can be told of a message with unsound delimiters', () => {
    const to = salvageFacts(Buffer.from('MSH|^^^^|APP|FAC|TC|HUB|||ADT^A01|M7|T|2.3\r'));
    expect(ack({ to, code: 'AR' })).toEqual(['MSH|^~\\&|TC|HUB|APP|FAC|20260302140509+0000||ACK^A01^ACK|A1|T|2.3', 'MSA|AR|M7', '']);
    expect(salvageFacts(Buffer.from('PID|1'))).toBeUndefined();
  });

  it('is read back by readAck', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('AA', 'AE', 'AR', 'CA', 'CE', 'CR'),
        fc.string({ minLength: 1 }),
        fc.constantFrom('2.3', '2.5'),
        (code, id, version) => {
          const text = id.replace(/\s/g, '_');
          const reply = readAck(
            buildAck({ to: received(version), code, controlId: text, at, err: { code: 103, location: 'PID^1^8', text } }),
          );
          expect(reply).toEqual({
            code,
            controlId: 'M1',
            ownId: text,
            text,
            errors: [expect.objectContaining({ code: '103', location: 'PID^1^8' })],
          });
        },
      ),
    );
  });
});

describe('readAck', () => {
  const read = (text: string) => readAck(Buffer.from(text));

  it.each([
    ['CR', 'MSH|^~\\&|R|F|S|F|2026||ACK^A01|X1|P|2.4\rMSA|AA|M1\r', { code: 'AA', controlId: 'M1', ownId: 'X1' }],
    ['LF', 'MSH|^~\\&|R\nMSA|ca|M1\n', { code: 'CA', controlId: 'M1' }],
    ['other separators', 'MSH$%~\\&$R$F\rMSA$AE$M1$no\r', { code: 'AE', controlId: 'M1', text: 'no' }],
    ['unsound separators', 'MSH|^~&|R\rMSA|AR|M1\r', { code: 'AR', controlId: 'M1' }],
    ['no MSH-2', 'MSH|\rMSA|AA|M1\r', { code: 'AA', controlId: 'M1' }],
    ['no MSA-2', 'MSH|^~\\&|R\rMSA|AA\r', { code: 'AA', controlId: '' }],
    ['blanks', '\x0bMSH|^~\\&|R\rMSA|AA | M1 \r', { code: 'AA', controlId: 'M1' }],
    [
      'text in ERR-8',
      'MSH|^~\\&|R\rMSA|AE|M1\rERR||PID^1^8|103|E||||bad code\r',
      { code: 'AE', text: 'bad code', errors: [{ code: '103', location: 'PID^1^8', severity: 'E' }] },
    ],
    ['old ERR', 'MSH|^~\\&|R\rMSA|AE|M1\rERR|PID^1^5^101&Required\r', { errors: [{ code: '101', location: 'PID^1^5' }] }],
  ])('takes an answer with %s', (_, text, expected) => {
    expect(read(text)).toMatchObject(expected);
  });

  it.each([
    ['nothing', ''],
    ['text', 'OK'],
    ['a message that is no answer', 'MSH|^~\\&|R\rPID|1\r'],
    ['an unknown code', 'MSH|^~\\&|R\rMSA|XX|M1\r'],
    ['an empty code', 'MSH|^~\\&|R\rMSA||M1\r'],
    ['MSA alone', 'MSA|AA|M1\r'],
  ])('takes %s for no answer', (_, text) => {
    expect(read(text)).toBeUndefined();
  });

  it('never throws', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.boolean(), (junk, headed) => {
        expect(() =>
          readAck(Buffer.concat([Buffer.from(headed ? 'MSH' : ''), Buffer.from(junk), Buffer.from('\rMSA|AA|x')])),
        ).not.toThrow();
      }),
    );
  });
});
