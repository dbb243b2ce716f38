import fc from 'fast-check';
import { type Delimiters, STANDARD_DELIMITERS } from '../../../formats/hl7v2/delimiters.ts';
import { readMessage } from '../../../formats/hl7v2/reader.ts';
import {
  type ComponentValue,
  type ContentPart,
  type FieldValue,
  type Leaf,
  type RepetitionValue,
  type SegmentDraft,
  writeBytes,
  writeMessage,
} from '../../../formats/hl7v2/writer.ts';
import { brandAs, type ContentName } from '../../../records/ids.ts';

const msh: SegmentDraft = {
  name: 'MSH',
  fields: ['', '', 'TC', 'HUB', '', '', '20260302140500', '', ['ADT', 'A01', 'ADT_A01'], 'M1', 'P', '2.4'],
};
const text = (...segments: SegmentDraft[]): string => writeBytes({ segments: [msh, ...segments] }).toString('utf8');
const line = (segment: SegmentDraft): string | undefined => text(segment).split('\r')[1];
const content: ContentPart = { kind: 'content', name: brandAs<ContentName>('c1'), encoding: 'base64', size: 12 };

describe('what is written', () => {
  it('has MSH-1, MSH-2 and MSH-18 from the draft', () => {
    expect(text()).toBe('MSH|^~\\&|TC|HUB|||20260302140500||ADT^A01^ADT_A01|M1|P|2.4||||||UNICODE UTF-8\r');
    expect(writeBytes({ segments: [msh], charset: 'ASCII' }).toString()).toBe(
      'MSH|^~\\&|TC|HUB|||20260302140500||ADT^A01^ADT_A01|M1|P|2.4\r',
    );
  });

  it('never declares another character set than it writes', () => {
    const fields = [...msh.fields, '', '', '', '', '', '8859/1', 'EN'];
    expect(writeBytes({ segments: [{ name: 'MSH', fields }] }).toString()).toMatch(/\|\|UNICODE UTF-8\|EN\r$/);
    expect(writeBytes({ segments: [{ name: 'MSH', fields }], charset: 'ASCII' }).toString()).toMatch(/\|2\.4\|{7}EN\r$/);
  });

  it('nests components, subcomponents and repetitions', () => {
    const fields: FieldValue[] = [
      '1',
      undefined,
      {
        repetitions: [
          ['9990000018', '', '', ['NHS', '2.16', 'ISO'], 'NH'],
          ['A1234BC', '', '', '', 'PI'],
        ],
      },
      '',
      ['SAMPLE', 'Alex'],
    ];
    expect(line({ name: 'PID', fields })).toBe('PID|1||9990000018^^^NHS&2.16&ISO^NH~A1234BC^^^^PI||SAMPLE^Alex');
  });

  it('trims empty ends at every level and keeps empty beginnings', () => {
    expect(line({ name: 'PID', fields: ['', ['', ['', '']], { repetitions: ['', ['', 'x', ''], ''] }, '', ''] })).toBe('PID|||~^x');
    expect(line({ name: 'PV2', fields: [] })).toBe('PV2');
  });

  it('writes null as two quotes, and two quotes meant as text so that they delete nothing', () => {
    expect(line({ name: 'PID', fields: [null, ['a', null]] })).toBe('PID|""|a^""');
    const quoted = readMessage(writeBytes({ segments: [msh, { name: 'PID', fields: ['""'] }] })).first('PID');
    expect(quoted?.field(1).isNull).toBe(false);
    expect(quoted?.text(1)).toBe('""');
  });

  it('escapes delimiters and control characters; line ends are \\.br\\ in text types alone', () => {
    expect(line({ name: 'PID', fields: ['a|b^c~d&e\\f\rg\th'] })).toBe('PID|a\\F\\b\\S\\c\\R\\d\\T\\e\\E\\f\\X0D\\g\\X09\\h');
    expect(line({ name: 'NTE', fields: ['1', '', 'one\ntwo\r\nthree'] })).toBe('NTE|1||one\\.br\\two\\.br\\three');
    expect(line({ name: 'OBX', fields: ['1', 'TX', 'A', '', 'one\ntwo'] })).toBe('OBX|1|TX|A||one\\.br\\two');
    expect(line({ name: 'OBX', fields: ['1', 'ST', 'A', '', 'one\ntwo'] })).toBe('OBX|1|ST|A||one\\X0A\\two');
  });

  it('splices stored content in as a part of its own', () => {
    const written = writeMessage({
      segments: [msh, { name: 'OBX', fields: ['1', 'ED', 'PDF', '', ['', 'application', 'pdf', 'Base64', content], '', 'F'] }],
    });
    expect(written.parts.map((part) => (part.kind === 'bytes' ? part.bytes.toString().replace(/^MSH[^\r]*\r/, '') : part))).toEqual([
      'OBX|1|ED|PDF||^application^pdf^Base64^',
      content,
      '||F\r',
    ]);
    expect(() => writeBytes({ segments: [msh, { name: 'OBX', fields: [content] }] })).toThrow(RangeError);
  });

  it('refuses what no message can hold', () => {
    expect(() => writeMessage({ segments: [{ name: 'pid', fields: [] }] })).toThrow(RangeError);
    expect(() => writeMessage({ segments: [{ name: 'PI|', fields: [] }] })).toThrow(RangeError);
    expect(() => writeMessage({ segments: [{ name: 'OBX', fields: [{ ...content, encoding: 'raw' }] }] })).toThrow(RangeError);
    const delimiters = { ...STANDARD_DELIMITERS, subcomponent: '+' };
    expect(() => writeMessage({ delimiters, segments: [{ name: 'OBX', fields: [content] }] })).toThrow(RangeError);
  });

  it('encodes in the set it is given and names the fields with letters that set lacks', () => {
    const written = writeMessage({ charset: '8859/1', segments: [msh, { name: 'PID', fields: ['é', '', '', '', ['Škoda', 'Zoë']] }] });
    expect(written.unencodable).toEqual(['PID-5']);
    const [part] = written.parts;
    expect(part?.kind === 'bytes' && part.bytes.toString('latin1').split('\r')).toEqual([
      expect.stringMatching(/\|8859\/1$/),
      'PID|é||||?koda^Zoë',
      '',
    ]);
  });

  it('reports half a surrogate pair instead of writing other bytes in silence', () => {
    expect(writeMessage({ segments: [msh, { name: 'PID', fields: ['a\ud83d'] }] }).unencodable).toEqual(['PID-1']);
  });
});

const delimiters: fc.Arbitrary<Delimiters> = fc
  .oneof(fc.constant([...'|^~\\&']), fc.shuffledSubarray([...'!#$%&*+/:;<=>?@[\\]^_`{|}~'], { minLength: 5, maxLength: 5 }))
  .map(([field = '', component = '', repetition = '', esc = '', subcomponent = '']) => ({
    field,
    component,
    repetition,
    escape: esc,
    subcomponent,
  }));

const leaf: fc.Arbitrary<Leaf> = fc.oneof(
  { weight: 6, arbitrary: fc.string({ unit: 'grapheme', maxLength: 12 }) },
  { weight: 2, arbitrary: fc.string({ unit: fc.constantFrom(...'\\|^~&\r\n"é '), maxLength: 6 }) },
  { weight: 1, arbitrary: fc.constant(null) },
  { weight: 1, arbitrary: fc.constant(undefined) },
);
const component: fc.Arbitrary<ComponentValue> = fc.oneof(leaf, fc.array(leaf, { maxLength: 3 }));
const repetition: fc.Arbitrary<RepetitionValue> = fc.oneof(leaf, fc.array(component, { maxLength: 4 }));
const field: fc.Arbitrary<FieldValue> = fc.oneof(repetition, fc.record({ repetitions: fc.array(repetition, { maxLength: 3 }) }));
const segments: fc.Arbitrary<SegmentDraft[]> = fc.array(
  fc.record({ name: fc.constantFrom('PID', 'PV1', 'OBX', 'ZC1', 'AL1'), fields: fc.array(field, { maxLength: 8 }) }),
  { maxLength: 6 },
);

const asRepetitions = (value: FieldValue): readonly RepetitionValue[] =>
  typeof value === 'object' && value !== null && 'repetitions' in value ? value.repetitions : [value];
// A readonly list is not narrowed away by Array.isArray.
const isList = <T>(value: T | readonly T[]): value is readonly T[] => Array.isArray(value);
const asComponents = (value: RepetitionValue): readonly ComponentValue[] => (isList<ComponentValue>(value) ? value : [value]);
const asSubcomponents = (value: ComponentValue): readonly Leaf[] => (isList<Leaf>(value) ? value : [value]);
const expectedText = (value: Leaf): unknown => (value === null ? '""' : value === '' ? undefined : value);

describe('any message', () => {
  it('reads back as it was written, in any delimiters', () => {
    fc.assert(
      fc.property(segments, delimiters, (drafts, d) => {
        const message = readMessage(writeBytes({ delimiters: d, segments: [msh, ...drafts] }));
        expect(message.segments.map((s) => s.name)).toEqual(['MSH', ...drafts.map((s) => s.name)]);
        for (const [i, draft] of drafts.entries()) {
          const segment = message.segments[i + 1];
          for (const [f, value] of draft.fields.entries())
            for (const [r, one] of asRepetitions(value).entries())
              for (const [c, part] of asComponents(one).entries())
                for (const [s, text] of asSubcomponents(part).entries())
                  expect(segment?.text(f + 1, r + 1, c + 1, s + 1)).toBe(expectedText(text));
        }
      }),
    );
  });

  it('is the bytes it was read from: fields and segments joined again are the original', () => {
    fc.assert(
      fc.property(segments, delimiters, fc.constantFrom('\r', '\n', '\r\n'), (drafts, d, end) => {
        const written = Buffer.from(
          writeBytes({ delimiters: d, segments: [msh, ...drafts] })
            .toString('latin1')
            .replaceAll('\r', end),
          'latin1',
        );
        const message = readMessage(written);
        const rejoined = message.segments.map((segment) => {
          const header = segment.name === 'MSH' ? 2 : 1;
          const fields = Array.from({ length: segment.fieldCount() - header + 1 }, (_, i) => segment.field(header + i));
          const raws = fields.map((one) =>
            one
              .repetitions()
              .map((r) => Array.from({ length: r.componentCount() }, (_, c) => r.rawComponent(c + 1)).join(d.component))
              .join(d.repetition),
          );
          return [segment.name, ...raws].join(d.field) + end;
        });
        expect(Buffer.from(rejoined.join(''), 'latin1').equals(written)).toBe(true);
        expect(message.bytes).toBe(written);
      }),
    );
  });
});
