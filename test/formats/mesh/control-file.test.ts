import fc from 'fast-check';
import { type ControlFile, explainProblem, readControlFile, type StatusRecord } from '../../../formats/mesh/control-file.ts';
import { LARGEST_CONTROL_FILE } from '../../../formats/mesh/control-tree.ts';
import { writeControlFile } from '../../../formats/mesh/control-writer.ts';

const read = (text: string | Buffer): ControlFile => {
  const found = readControlFile(Buffer.from(text));
  if ('problem' in found) throw new Error(explainProblem(found.problem));
  return found.control;
};
const problemOf = (text: string | Buffer): string => {
  const found = readControlFile(Buffer.from(text));
  return 'problem' in found ? explainProblem(found.problem) : 'none';
};
const isMended = (text: string): boolean => {
  const found = readControlFile(Buffer.from(text));
  return 'control' in found && found.mended;
};
const file = (...lines: readonly string[]): string => ['<DTSControl>', ...lines, '</DTSControl>'].join('\n');

const RECEIVED = `<DTSControl>
<Version>1.0</Version>
<AddressType>ALL</AddressType>
<MessageType>Data</MessageType>
<From_DTS>X26OT002</From_DTS>
<To_DTS>X26OT001</To_DTS>
<From_ESMTP>X26OT002@dts.nhs.uk</From_ESMTP>
<To_ESMTP>X26OT001@dts.nhs.uk</To_ESMTP>
<Subject>Weekly list</Subject>
<LocalId>A-77</LocalId>
<DTSId>20261101120000123456_AB12CD</DTSId>
<PartnerId></PartnerId>
<Compress>Y</Compress>
<Encrypted>N</Encrypted>
<WorkflowId>WEEKLY_LIST</WorkflowId>
<ProcessId/>
<DataChecksum></DataChecksum>
<IsCompressed>N</IsCompressed>
<StatusRecord>
<DateTime>20261101120001</DateTime>
<Event>TRANSFER</Event>
<Status>SUCCESS</Status>
<StatusCode>00</StatusCode>
<Description>Transferred to recipient mailbox</Description>
</StatusRecord>
</DTSControl>`;
const SAID: ControlFile = {
  version: '1.0',
  addressType: 'ALL',
  messageType: 'Data',
  from: 'X26OT002',
  to: 'X26OT001',
  fromEsmtp: 'X26OT002@dts.nhs.uk',
  toEsmtp: 'X26OT001@dts.nhs.uk',
  subject: 'Weekly list',
  localId: 'A-77',
  dtsId: '20261101120000123456_AB12CD',
  workflowId: 'WEEKLY_LIST',
  compress: true,
  encrypted: false,
  isCompressed: false,
  status: {
    dateTime: '20261101120001',
    event: 'TRANSFER',
    status: 'SUCCESS',
    code: '00',
    description: 'Transferred to recipient mailbox',
  },
  others: [],
};

describe('MESH rule 2.3: elements of a control file', () => {
  it('reads a received one, and what is empty as absent', () => {
    expect(read(RECEIVED)).toEqual(SAID);
    expect(isMended(RECEIVED)).toBe(false);
  });

  it('finds elements by name, in any order and letter case, with either spelling of the checksum', () => {
    expect(
      read(
        file('<workflowid>W1</workflowid>', '<DATACHECKSUM>abc</DATACHECKSUM>', '<To_Dts>A</To_Dts>', '<MESSAGETYPE>DATA</MESSAGETYPE>'),
      ),
    ).toEqual({ workflowId: 'W1', dataChecksum: 'abc', to: 'A', messageType: 'Data', others: [] });
    expect(read(file('<DataCheckSum>abc</DataCheckSum>')).dataChecksum).toBe('abc');
    expect(read('<dtscontrol><MessageType>REPORT</MessageType></dtscontrol>').messageType).toBe('Report');
  });

  it('reads a prolog, a namespace, a comment, character data and entities', () => {
    expect(
      read(
        `<?xml version="1.0" encoding="UTF-8"?>\n<d:DTSControl xmlns:d="urn:x"><!-- by hand --><d:Subject><![CDATA[a < b]]> &amp; &#x43;&#68;</d:Subject></d:DTSControl>\n`,
      ),
    ).toEqual({ subject: 'a < b & CD', others: [] });
  });

  it('reads UTF-8 with and without its mark, windows-1252 said or not, and UTF-16', () => {
    const text = file('<Subject>Siân O’Neill</Subject>');
    const windows = Buffer.from(text.replace('â', '\u00e2').replace('’', '\u0092'), 'latin1');
    for (const bytes of [
      Buffer.from(text),
      Buffer.from(`\ufeff${text}`),
      windows,
      Buffer.concat([Buffer.from('<?xml version="1.0" encoding="windows-1252"?>'), windows]),
      Buffer.concat([Buffer.from('<?xml version="1.0" encoding="ISO-8859-1"?>'), windows]),
      Buffer.from(`\ufeff${text}`, 'utf16le'),
      Buffer.from(text, 'utf16le'),
      Buffer.from(`\ufeff${text}`, 'utf16le').swap16(),
    ])
      expect(read(bytes).subject).toBe('Siân O’Neill');
  });

  it('keeps elements nobody knows, and a flag that is neither yes nor no', () => {
    expect(read(file('<Priority>high</Priority>', '<Compress>perhaps</Compress>', '<Encrypted>yes</Encrypted>'))).toEqual({
      encrypted: true,
      others: [
        { name: 'Compress', text: 'perhaps' },
        { name: 'Priority', text: 'high' },
      ],
    });
  });

  it('takes the last of several status records, and an element that stands twice with one value', () => {
    const record = (event: string) => `<StatusRecord><Event>${event}</Event><StatusCode>00</StatusCode></StatusRecord>`;
    expect(read(file('<LocalId>A</LocalId>', '<LocalId/>', record('COLLECT'), record('TRANSFER'), '<LOCALID>A</LOCALID>'))).toEqual({
      localId: 'A',
      status: { event: 'TRANSFER', code: '00' },
      others: [],
    });
  });

  it('puts a value on one line', () => {
    expect(read(file('<Subject>\n  Weekly\r\n\tlist  </Subject>')).subject).toBe('Weekly list');
  });
});

describe('MESH rule 2.3: control files broken by hand', () => {
  it.each([
    ['an unclosed LocalId', file('<LocalId>A-77', '<WorkflowId>W1</WorkflowId>'), { localId: 'A-77', workflowId: 'W1' }],
    ['an unclosed element at the end', file('<WorkflowId>W1</WorkflowId>', '<LocalId>A-77'), { workflowId: 'W1', localId: 'A-77' }],
    ['<DTSControl> for the closing tag', '<DTSControl>\n<WorkflowId>W1</WorkflowId>\n<DTSControl>\n', { workflowId: 'W1' }],
    ['both', '<DTSControl><WorkflowId>W1</WorkflowId><LocalId>A<DTSControl>', { workflowId: 'W1', localId: 'A' }],
    [
      'an opening tag for the closing one',
      file('<LocalId>A-77<LocalId>', '<WorkflowId>W1</WorkflowId>'),
      { localId: 'A-77', workflowId: 'W1' },
    ],
    ['tags of different case', '<DTSControl><workflowId>W1</WorkflowID></dtscontrol>', { workflowId: 'W1' }],
    ['stray text', `made by us ${file('<WorkflowId>W1</WorkflowId> here')} end`, { workflowId: 'W1' }],
    ['text after the prolog', `junk <?xml version="1.0"?>${file('<WorkflowId>W1</WorkflowId>')}`, { workflowId: 'W1' }],
    ['a bare ampersand', file('<Subject>Hill &amp; Lane & Sons &nbsp; A&B;</Subject>'), { subject: 'Hill & Lane & Sons &nbsp; A&B;' }],
    ['a bare less-than', file('<Subject>a < b</Subject>'), { subject: 'a < b' }],
    [
      'an unclosed status record',
      '<DTSControl><StatusRecord><Event>SEND</Event><StatusCode>12</StatusCode></DTSControl>',
      { status: { event: 'SEND', code: '12' } },
    ],
    [
      'an element after an unclosed status record',
      file('<StatusRecord><Event>SEND', '<IsCompressed>N</IsCompressed>'),
      { isCompressed: false, status: { event: 'SEND' } },
    ],
    ['a closing tag too many', file('<WorkflowId>W1</WorkflowId></WorkflowId>'), { workflowId: 'W1' }],
    ['an attribute without quotes', '<DTSControl version=1><WorkflowId>W1</WorkflowId></DTSControl>', { workflowId: 'W1' }],
  ])('reads %s', (_, text, said) => {
    expect(read(text)).toEqual({ ...said, others: [] });
  });

  it.each([
    ['an empty file', '', 'line 1:1: it is empty'],
    ['a file of nothing but space', ' \n', 'line 1:1: it is empty'],
    ['one that is cut off between elements', '<DTSControl>\n<LocalId>A</LocalId>\n', 'line 2:21: it ends before its closing tag'],
    ['one that is cut off within a tag', '<DTSControl>\n<Local', 'line 2:1: it ends before its closing tag'],
    ['another document', '<html><body/></html>', 'line 1:7: its outermost element is not DTSControl'],
    ['no XML', 'MSH|^~\\&|PAS', 'line 1:1: its outermost element is not DTSControl'],
    [
      'the closing tag of another element',
      file('<From_DTS>A</To_DTS>'),
      'line 2:12, To_DTS: it is no well-formed XML, and could mean more than one thing',
    ],
    [
      'a value whose opening tag is lost',
      file('X26OT001</To_DTS>'),
      'line 2:9, To_DTS: it is no well-formed XML, and could mean more than one thing',
    ],
    [
      'a value between three tags',
      file('<LocalId>A<LocalId>B</LocalId>'),
      'line 2:21, LocalId: it is no well-formed XML, and could mean more than one thing',
    ],
    [
      'two values for one element',
      file('<To_DTS>A</To_DTS>', '<to_dts>B</to_dts>'),
      'line 3:9, To_DTS: an element stands twice with different values',
    ],
    [
      'an element within another',
      file('<Subject>a<LocalId>B</LocalId></Subject>'),
      'line 2:10, Subject: an element lies within one that holds text',
    ],
    [
      'two control files',
      `${file('<To_DTS>A</To_DTS>')}${file('<To_DTS>B</To_DTS>')}`,
      'line 3:14: it is no well-formed XML, and could mean more than one thing',
    ],
    ['a control character', file('<Subject>a\u0007b</Subject>'), 'line 2:10, Subject: a value holds a control character'],
    [
      'more than a control file holds',
      file(`<Subject>${'x'.repeat(LARGEST_CONTROL_FILE)}</Subject>`),
      'line 1:1: it is too large for a control file',
    ],
  ])('says where and why it cannot read %s', (_, text, says) => {
    expect(problemOf(text)).toBe(says);
  });

  it('says nothing of what the file holds', () => {
    const text = file('<Subject>TESTER 9990000018</Subject>', '<Subject>MORGAN</Subject>', '<TESTER>9990000018</MORGAN>');
    expect(problemOf(text)).toBe('line 4:19: it is no well-formed XML, and could mean more than one thing');
  });
});

describe('MESH rule 2.3: what a control file must not do to its reader', () => {
  it.each([
    ['an external entity', '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><DTSControl><LocalId>&e;</LocalId></DTSControl>'],
    ['entities that grow', '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><DTSControl><LocalId>&b;</LocalId></DTSControl>'],
    ['a document type in broken XML', '<!DOCTYPE x><DTSControl><LocalId>A</DTSControl>'],
  ])('follows no document type: %s', (_, text) => {
    expect(problemOf(text)).toMatch(/document type/);
  });

  it('leaves an entity nobody declared as it stands', () => {
    expect(read('<DTSControl><LocalId>&e;</LocalId></DTSControl>').localId).toBe('&e;');
  });

  it('reads any bytes to an end, whatever is changed in a good file', () => {
    const change = fc.record({
      at: fc.nat(RECEIVED.length),
      cut: fc.nat(40),
      put: fc.oneof(
        fc.string({ maxLength: 8 }),
        fc.constantFrom(
          '<',
          '>',
          '&',
          '</',
          '<!--',
          ']]>',
          '<![CDATA[',
          '<?',
          '<DTSControl>',
          '</DTSControl>',
          '<LocalId>',
          '</Subject>',
          '\u0000',
          '&#',
          '<!',
        ),
      ),
    });
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 6 }), (changes) => {
        let text = RECEIVED;
        for (const { at, cut, put } of changes) text = text.slice(0, at) + put + text.slice(at + cut);
        const found = readControlFile(Buffer.from(text));
        if ('problem' in found) expect(found.problem.line).toBeLessThanOrEqual(text.split('\n').length);
        else expect(readControlFile(writeControlFile(found.control))).toMatchObject({ mended: false });
      }),
      { numRuns: 2_000 },
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        expect(readControlFile(Buffer.from(bytes))).toBeDefined();
      }),
    );
  });

  it.each([
    ['signs that begin tags', '<'],
    ['tags that open', '<a>'],
    ['tags of the root', '<DTSControl>'],
    ['references', '&#1'],
    ['comments that open', '<!--'],
    ['spaces in a tag', '<a '],
    ['closing tags', '</a>'],
    ['prologs', '<?xml '],
  ])('is not slowed down by %s without end', (_, piece) => {
    const text = `<DTSControl>${piece.repeat(Math.floor((LARGEST_CONTROL_FILE - 12) / piece.length))}`;
    // What grows faster than its input takes minutes here, and the test's own limit ends it.
    for (let n = 0; n < 20; n += 1) expect(readControlFile(Buffer.from(text))).toHaveProperty('problem');
  });
});

const word = fc.stringMatching(/^[A-Za-z0-9_.:-]{1,30}$/);
const words = fc.oneof(
  word,
  fc.stringMatching(/^[!-~][ -~]{0,40}[!-~]$/).map((text) => text.replace(/ +/g, ' ')),
  fc.constantFrom('Siân O’Neill & daughter <3', '漢字 😀', '&amp;', ']]>', '&#65;'),
);
const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });
const without = <T extends object>(value: T): T => {
  const kept: Partial<T> = { ...value };
  for (const key of Object.keys(kept) as (keyof T)[]) if (kept[key] === undefined) delete kept[key];
  return kept as T;
};
const status: fc.Arbitrary<StatusRecord> = fc
  .record({
    dateTime: maybe(fc.constantFrom('20261101120001', '20240229235959')),
    event: maybe(fc.constantFrom('COLLECT', 'TRANSFER', 'SEND', 'RECEIVE')),
    status: maybe(fc.constantFrom('SUCCESS', 'ERROR')),
    code: maybe(fc.constantFrom('00', '05', '14', 'EPL-153', 'InvalidHeaderChunks')),
    description: maybe(words),
  })
  .map((record) => without(record) as StatusRecord);
const control: fc.Arbitrary<ControlFile> = fc
  .record({
    version: maybe(fc.constantFrom('1.0', '2')),
    addressType: maybe(fc.constantFrom('DTS', 'SMTP', 'ALL')),
    messageType: maybe(fc.constantFrom('Data', 'Report')),
    from: maybe(word),
    to: maybe(words),
    subject: maybe(words),
    localId: maybe(words),
    dtsId: maybe(word),
    partnerId: maybe(word),
    workflowId: maybe(word),
    processId: maybe(word),
    dataChecksum: maybe(word),
    compress: maybe(fc.boolean()),
    allowChunking: maybe(fc.boolean()),
    encrypted: maybe(fc.boolean()),
    isCompressed: maybe(fc.boolean()),
    status: maybe(status),
    others: fc.uniqueArray(fc.record({ name: fc.constantFrom('Priority', 'Sensitive', 'X1'), text: words }), {
      selector: ({ name }) => name,
    }),
  })
  .map((value) => without(value) as ControlFile);

describe('MESH rule 2.3: writing', () => {
  it('writes in the order of the NHS examples, in ASCII, without a prolog', () => {
    const { fromEsmtp: _, toEsmtp: __, dtsId: ___, ...said } = SAID;
    expect(
      writeControlFile({ ...said, subject: 'Siân & <Co>', allowChunking: true, others: [{ name: 'Priority', text: '1' }] }).toString(
        'latin1',
      ),
    ).toBe(
      [
        '<DTSControl>',
        '<Version>1.0</Version>',
        '<AddressType>ALL</AddressType>',
        '<MessageType>Data</MessageType>',
        '<From_DTS>X26OT002</From_DTS>',
        '<To_DTS>X26OT001</To_DTS>',
        '<Subject>Si&#226;n &amp; &lt;Co&gt;</Subject>',
        '<LocalId>A-77</LocalId>',
        '<Compress>Y</Compress>',
        '<AllowChunking>Y</AllowChunking>',
        '<Encrypted>N</Encrypted>',
        '<WorkflowId>WEEKLY_LIST</WorkflowId>',
        '<IsCompressed>N</IsCompressed>',
        '<Priority>1</Priority>',
        '<StatusRecord>',
        '<DateTime>20261101120001</DateTime>',
        '<Event>TRANSFER</Event>',
        '<Status>SUCCESS</Status>',
        '<StatusCode>00</StatusCode>',
        '<Description>Transferred to recipient mailbox</Description>',
        '</StatusRecord>',
        '</DTSControl>',
        '',
      ].join('\n'),
    );
  });

  it('is read back as it was meant', () => {
    fc.assert(
      fc.property(control, (value) => {
        expect(readControlFile(writeControlFile(value))).toEqual({ control: value, mended: false });
      }),
    );
  });

  it('is read back whatever the order and letter case of its elements', () => {
    const shuffled = fc.tuple(
      control,
      fc.array(fc.nat(1_000_000), { minLength: 40, maxLength: 40 }),
      fc.array(fc.boolean(), { minLength: 64, maxLength: 64 }),
    );
    fc.assert(
      fc.property(shuffled, ([value, keys, upper]) => {
        const text = writeControlFile({ ...value, others: [] }).toString('latin1');
        const record = /<StatusRecord>[\s\S]*<\/StatusRecord>\n/.exec(text)?.[0] ?? '';
        const lines = text.replace(record, '').trimEnd().split('\n').slice(1, -1);
        const inOrder = [...lines, record].map((line, n) => ({ line, key: keys[n] ?? 0 })).sort((a, b) => a.key - b.key);
        let tag = 0;
        const cased = inOrder
          .map(({ line }) => line)
          .join('\r\n')
          .replace(/<(\/?)(\w+)>/g, (_, slash: string, name: string) => {
            tag += 1;
            return `<${slash}${upper[tag % 64] === true ? name.toUpperCase() : name.toLowerCase()}>`;
          });
        expect(read(`<DTSControl>${cased}</DTSControl>`)).toEqual({ ...value, others: [] });
      }),
    );
  });
});
