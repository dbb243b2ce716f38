import fc from 'fast-check';
import { readMessage } from '../../../formats/hl7v2/reader.ts';
import { InboundRun } from '../../../mappings/engine/inbound/inbound-run.ts';
import type { RecordPlan } from '../../../mappings/engine/inbound/record-plan.ts';
import { runRecords } from '../../../mappings/engine/inbound/run-records.ts';
import { loadMappings } from '../../../mappings/engine/index.ts';
import { Zone } from '../../../mappings/engine/zone.ts';
import { brandAs, type Instant } from '../../../records/ids.ts';
import type { MappedMessage } from '../../../records/mapped.ts';
import { shippedFiles } from '../shipped-files.ts';
import { contentName, hl7, IDENTIFY, inbound, onlyPart, run } from './made.ts';

const { inbound: shipped } = loadMappings(shippedFiles());

/** Text as senders write it and as they should not: escapes, delimiters, quotes, letters of other alphabets, digits, blanks. */
const value = fc.oneof(
  fc.string({ maxLength: 12 }).map((text) => text.replace(/[\r\n|]/g, ' ')),
  fc.constantFrom(
    '""',
    '',
    'NHS',
    'NH',
    'PI',
    'A1234BC',
    '9990000018',
    '9990000019',
    '19800229',
    '20260329013000',
    '20260302',
    'M',
    'F',
    'é',
    '名',
    'NKDA',
    '^^^',
    '~~',
    '\\F\\',
    '\\XC3A9\\',
    '\\.br\\',
    '2.5',
    '<0.5',
  ),
);
const composite = fc
  .array(
    fc.array(value, { maxLength: 7 }).map((parts) => parts.join('^')),
    { maxLength: 3 },
  )
  .map((repetitions) => repetitions.join('~'));
const segment = fc
  .tuple(
    fc.constantFrom('EVN', 'PID', 'PD1', 'PV1', 'PV2', 'AL1', 'MRG', 'ROL', 'OBR', 'OBX', 'NTE', 'TXA', 'ORC', 'SPM', 'ZCU', 'NK1'),
    fc.array(composite, { maxLength: 26 }),
  )
  .map(([name, fields]) => `${name}|${fields.join('|')}`);
const types = shipped.flatMap((mapping) => mapping.messages.map((type) => ({ mapping, type })));
const message = fc.tuple(fc.constantFrom(...types), fc.array(segment, { maxLength: 14 }));

const toldOf = (mapped: MappedMessage): string => JSON.stringify(mapped.parts.map(({ issues, hold }) => ({ issues, hold })));

describe('what the engine promises of any message', () => {
  it('it never throws, and the same message gives the same records', () => {
    fc.assert(
      fc.property(message, ([{ mapping, type }, segments]) => {
        const text = hl7(type, ...segments);
        expect(run(mapping, text)).toEqual(run(mapping, text));
      }),
      { numRuns: 300 },
    );
  });

  it('every message has at least one part, and a held part gives nothing to use', () => {
    fc.assert(
      fc.property(message, ([{ mapping, type }, segments]) => {
        const { parts } = run(mapping, hl7(type, ...segments));
        expect(parts.length).toBeGreaterThan(0);
        for (const part of parts)
          if (part.hold !== null) expect(part).toMatchObject({ patient: null, custody: null, merge: null, records: [], lists: [] });
      }),
      { numRuns: 300 },
    );
  });

  it('issues and holds name codes and places, never what the message says', () => {
    const marked = fc.tuple(
      fc.constantFrom(...types),
      fc.array(
        segment.map((text) => text.replace(/(?<=[|^~])([^|^~]+)/g, 'Qzx$1')),
        { maxLength: 14 },
      ),
    );
    fc.assert(
      fc.property(marked, ([{ mapping, type }, segments]) => {
        expect(toldOf(run(mapping, hl7(type, ...segments)))).not.toContain('Qzx');
      }),
      { numRuns: 300 },
    );
  });

  it('every AL1 becomes a record, or the part is held (guarantee 9)', () => {
    const mapping = shipped.find((one) => one.name === 'adt/movement');
    if (mapping === undefined) throw new Error('no adt/movement');
    const pid = 'PID|1||A1234BC^^^NOMIS^PI||Orchard^Sam';
    const pv1 = 'PV1|1|I|A^1^012^LEI||||||||||||||||BK0001';
    fc.assert(
      fc.property(fc.array(composite, { maxLength: 6 }), (codes) => {
        const part = onlyPart(
          run(mapping, hl7('ADT^A01', 'EVN|A01|20260302', pid, pv1, ...codes.map((code, index) => `AL1|${index + 1}|DA|${code}`))),
        );
        const none = codes.filter(
          (code) => /^(716186003|NKDA|NKA)([~^]|$)/.test(code) || code.split('~').some((one) => /^(716186003|NKDA|NKA)(\^|$)/.test(one)),
        ).length;
        const made = part.records.filter((record) => record.kind === 'allergy').length;
        if (part.hold === null) expect(made).toBe(codes.length - none);
      }),
      { numRuns: 300 },
    );
  });
});

describe('the books of a rule', () => {
  it('hold the part when a loop saw more than it handed over', () => {
    const mapping = inbound(`${IDENTIFY}records:\n  - record: allergy\n    each: AL1[*]\n    keys:\n      code: AL1-3.1\n`, 'ADT^A08');
    const [rule] = mapping.rules;
    const zone = Zone.named('Europe/London');
    if (rule?.loop === undefined || zone === undefined) throw new Error('no rule');
    const { loop } = rule;
    const leaking: RecordPlan = {
      ...rule,
      loop: {
        locate: (at) => loop.locate(at),
        run: (at, body) => ({ ...loop.run(at, body), seen: loop.run(at, () => undefined).seen + 1 }),
      },
    };
    const services = { directory: { practice: () => undefined, establishment: () => undefined }, nameContent: contentName };
    const at = new InboundRun(
      readMessage(Buffer.from(hl7('ADT^A08', 'PID|1||A1234BC^^^^PI', 'AL1|1|DA|1'))),
      undefined,
      brandAs<Instant>('2026-03-02T12:00:00.000Z'),
      services,
      zone,
    );
    runRecords(leaking, at, null);
    expect(at.hold).toEqual({ reason: 'rows-unaccounted', rule: 'm.map.yaml:11' });
  });
});
