import fc from 'fast-check';
import { ThroughcareError } from '../../records/faults.ts';
import { Problem } from '../../records/problem.ts';
import { openTelemetry } from '../../telemetry/telemetry.ts';

/** A valid NHS number from nine digits, or nothing where the check digit would be ten. */
const withCheckDigit = (nine: string): string | undefined => {
  let sum = 0;
  for (let i = 0; i < 9; i += 1) sum += Number(nine[i]) * (10 - i);
  const check = (11 - (sum % 11)) % 11;
  return check === 10 ? undefined : `${nine}${check}`;
};
const digit = fc.integer({ min: 0, max: 9 }).map(String);
const nhsNumber = fc
  .array(digit, { minLength: 9, maxLength: 9 })
  .map((digits) => withCheckDigit(digits.join('')))
  .filter((number) => number !== undefined);
const spaced = nhsNumber.chain((number) =>
  fc.constantFrom('', ' ', '-', '.').map((gap) => `${number.slice(0, 3)}${gap}${number.slice(3, 6)}${gap}${number.slice(6)}`),
);
const hl7 = fc
  .tuple(fc.constantFrom('PID', 'MRG', 'NK1', 'OBX', 'ZPI', 'MSH'), fc.stringMatching(/^[A-Za-z0-9^ ]{1,30}$/))
  .map(([segment, text]) => (segment === 'MSH' ? `MSH|^~\\&|${text}` : `${segment}|1||${text}^^^NHS^NH`));
const around = fc.stringMatching(/^[a-z :,]{0,12}$/);

/** Fact names as the rooms use them, declared and not. */
const factName = fc.constantFrom(
  'source',
  'code',
  'controlId',
  'messageId',
  'where',
  'address',
  'rule',
  'reason',
  'patient',
  'text',
  'value',
  'trigger',
  'file',
  'url',
);

const recorded = (say: (telemetry: ReturnType<typeof openTelemetry>) => void, format: 'json' | 'pretty' = 'json') => {
  const lines: string[] = [];
  const telemetry = openTelemetry({ log: { level: 'debug', format, colour: false, out: { write: (text) => lines.push(text) } } });
  say(telemetry);
  return { lines, text: lines.join(''), telemetry };
};

describe('what telemetry never shows', () => {
  it.each(['json', 'pretty'] as const)('shows no NHS number and no HL7, whatever fact carries it (%s)', async (format) => {
    await fc.assert(
      fc.asyncProperty(fc.oneof(spaced, hl7), around, around, factName, async (secret, before, after, name) => {
        const carrier = `${before}${secret}${after}`;
        const { text, telemetry } = recorded((t) => {
          t.event('message.stored', { [name]: carrier });
          t.warn('lane.held', { [name]: carrier });
          t.error('batch.failed', new Error(carrier), { [name]: carrier });
          t.error(
            'batch.failed',
            Object.assign(new Error(carrier), { code: carrier, table: carrier, detail: carrier, name: carrier, path: carrier }),
          );
          t.error('batch.failed', new ThroughcareError('internal', carrier, { cause: new AggregateError([new Error(carrier)], carrier) }));
          t.error('batch.failed', carrier);
          t.error('batch.failed', { toString: () => carrier, message: carrier });
          t.count('messages', { [name]: carrier, source: carrier });
          t.gauge('lanes', 1, { reason: carrier });
          t.observe('stage', 0.1, { stage: carrier });
        }, format);
        const page = await telemetry.metrics.text();
        for (const output of [text, page]) {
          expect(output).not.toContain(secret);
          expect(output).not.toContain(JSON.stringify(secret).slice(1, -1));
        }
      }),
      { numRuns: 300 },
    );
  });

  it('shows no NHS number given as a number, and keeps row ids', () => {
    const { text } = recorded((t) => t.event('x', { messageId: 9990000069, value: 9990000069, laneId: 17, bytes: 9990000069 }));
    expect(JSON.parse(text)).toMatchObject({ messageId: 9990000069, value: '[withheld: nhs-number]', laneId: 17, bytes: 9990000069 });
  });

  it('replaces text under a name that is not declared, and words that are no code', () => {
    const { text } = recorded((t) =>
      t.event('x', { surname: 'Example', code: 'Smith', source: 'prison-adt', reason: 'no-route', errno: 'ECONNREFUSED' }),
    );
    expect(JSON.parse(text)).toMatchObject({
      surname: '[withheld: undeclared]',
      code: '[withheld: shape]',
      source: 'prison-adt',
      reason: 'no-route',
      errno: '[withheld: undeclared]',
    });
  });

  it('replaces texts over 200 characters, prison numbers and control characters', () => {
    const { text } = recorded((t) => t.event('x', { source: 'a'.repeat(201), controlId: 'A1234BC', where: 'a\u001b[2J' }));
    expect(JSON.parse(text)).toMatchObject({
      source: '[withheld: too-long]',
      controlId: '[withheld: prison-number]',
      where: '[withheld: control-characters]',
    });
  });

  it('keeps digests and UUIDs whole even where ten digits in them read as an NHS number', () => {
    const facts = {
      digest: `9990000069${'ab'.repeat(27)}`,
      controlId: '99900000-6999-8000-a900-000699900000',
      mappingVersion: `${'9990000069'.repeat(6)}abcd`,
    };
    expect(JSON.parse(recorded((t) => t.event('x', facts)).text)).toMatchObject(facts);
  });
});

describe('how an error is written', () => {
  it('gives code, class and frames, not the message', () => {
    const { text } = recorded((t) =>
      t.error('store.failed', Object.assign(new TypeError('value Smith\n    at Smith (/in/SMITH.hl7:1:1)'), { code: '22P02' })),
    );
    const { error } = JSON.parse(text);
    expect(error).toMatchObject({ code: '22P02', class: 'TypeError' });
    expect(error.frames[0]).toMatch(/redaction\.test\.ts:\d+:\d+$/);
    expect(text).not.toMatch(/smith/i);
  });

  it('gives the detail of our own errors, which names a place', () => {
    const { text } = recorded((t) => t.error('config.refused', new ThroughcareError('mapping-failed', 'mappings/adt.yaml:12')));
    expect(JSON.parse(text).error).toMatchObject({ code: 'mapping-failed', detail: 'mappings/adt.yaml:12' });
  });

  it('gives the words of a problem, which are the operator’s, unless they look like data all the same', () => {
    const words = 'a configured PostgreSQL needs store.keys: every daemon that uses it must have the same';
    expect(JSON.parse(recorded((t) => t.error('daemon.failed', new Problem(words))).text).error).toMatchObject({
      code: 'problem',
      detail: words,
    });
    const { text } = recorded((t) => t.error('daemon.failed', new Problem('no such thing: PID|1||9990000069')));
    expect(JSON.parse(text).error.detail).toBe('[withheld: hl7]');
  });

  it('gives the words of a driver that name our own things, and none that quote a row', () => {
    const report = Object.assign(new Error('duplicate key value'), {
      code: '23505',
      severity: 'ERROR',
      table: 'message_key',
      constraint: 'message_key_pkey',
      detail: 'Key (control_id)=(SMITH) already exists.',
      where: 'COPY message, line 1: "SMITH"',
    });
    const { text } = recorded((t) => t.error('intake.failed', report));
    expect(JSON.parse(text).error.driver).toEqual({ severity: 'ERROR', table: 'message_key', constraint: 'message_key_pkey' });
    expect(text).not.toContain('SMITH');
  });

  it('follows causes and the first of several errors', () => {
    const refused = Object.assign(new Error('connect'), { code: 'ECONNREFUSED', address: '127.0.0.1', port: 2601, syscall: 'connect' });
    const { text } = recorded((t) => t.error('send.failed', new Error('outer', { cause: new AggregateError([refused], 'both') })));
    expect(JSON.parse(text).error.cause.cause).toMatchObject({ code: 'ECONNREFUSED', driver: { address: '127.0.0.1', port: 2601 } });
  });
});
