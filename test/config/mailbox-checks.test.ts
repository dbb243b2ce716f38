import { parseConfig } from '../../config/load.ts';
import { showFinding } from '../../records/issue.ts';

const FILE = '/site/throughcare.yaml';
const findings = (text: string) =>
  parseConfig(FILE, text, { environment: {}, readFile: () => '' }).findings.map((finding) => showFinding(finding).replace(`${FILE}:`, ''));
/** Without the places, which other tests are about. */
const codes = (text: string): string[] => findings(text).map((line) => line.split(' ').slice(1, 3).join(' '));

const SECRETS = '    password: one\n    sharedKey: two\n';
const TLS = '    tls:\n      cert: a.pem\n      key: a.key\n';
const mailbox = (name: string, id = 'X26OT001', url = 'https://mesh.example.org', more = TLS) =>
  `  ${name}:\n    id: ${id}\n    url: ${url}\n${SECRETS}${more}`;
const site = (parts: { environment?: string; mailboxes?: string; sources?: string; destinations?: string; more?: string }) => `site: example
mappings: [mappings]
environment: ${parts.environment ?? 'test'}
${parts.environment === 'live' ? 'store:\n  url: postgresql://h/d\n  keys: k\n' : ''}${parts.more ?? ''}mailboxes:
${parts.mailboxes ?? mailbox('gp')}sources:
${parts.sources ?? source()}destinations:
${parts.destinations ?? sending()}`;
const source = (name = 'inbox', of = 'gp', workflows = '      LETTERS: { do: process }\n') =>
  `  ${name}:\n    kind: mesh-api\n    mailbox: ${of}\n    workflows:\n${workflows}`;
const sending = (more = '', of = 'gp', to = '{ by: mailbox, mailbox: X26OT009 }', mappings = '[outbound/x]') =>
  `  out:\n    kind: mesh-api\n    mailbox: ${of}\n    workflow: LETTERS\n    to: ${to}\n    mappings: ${mappings}\n${more}`;
const archive = '  archive:\n    kind: folder\n    path: archive\n    mappings: []\n';

describe('mailboxes, and what names them', () => {
  it('say nothing where all is as it should be', () => {
    expect(findings(site({}))).toEqual([]);
    const folders =
      '  in:\n    kind: mesh-folder\n    role: as-client\n    path: one\n    mailbox: X26OT002\n    workflows:\n      A: { do: hold }\n';
    expect(findings(site({ sources: source() + folders }))).toEqual([]);
  });

  it('that are not there are told at the place that names them, with the one that was meant', () => {
    expect(findings(site({ sources: source('inbox', 'gb') + source('other') }))).toEqual([
      '16:14 error unknown-mailbox “gb” is no mailbox (did you mean "gp"?)',
    ]);
    expect(codes(site({ destinations: sending('', 'gpp') }))).toEqual(['error unknown-mailbox']);
  });

  it('are read by one source at most, and two of them are not the same', () => {
    expect(findings(site({ sources: source('one') + source('two') }))).toEqual([
      '21:14 error mailbox-shared sources.one reads this mailbox: each message would go to either',
    ]);
    expect(codes(site({ mailboxes: mailbox('gp') + mailbox('other') }))).toEqual(['warning mailbox-unused', 'error mailbox-twice']);
  });

  it('that send need a reader: what could not be delivered is reported there', () => {
    const mllp = '  adt:\n    kind: mllp\n    listen: 127.0.0.1:2575\n';
    expect(findings(site({ sources: mllp }))).toEqual([
      '20:14 error no-inbox what could not be delivered is reported to the inbox of gp, and no source reads it (add a source of kind mesh-api with mailbox: gp)',
    ]);
  });

  it.each([
    ['http over a network', mailbox('gp', 'X26OT001', 'http://mesh.example.org', ''), ['error plain-text']],
    ['http on this machine', mailbox('gp', 'X26OT001', 'http://127.0.0.1:8700', ''), []],
    ['http on this machine, by its IPv6 address', mailbox('gp', 'X26OT001', 'http://[::1]:8700', ''), []],
    ['https without a client certificate', mailbox('gp', 'X26OT001', 'https://mesh.example.org', ''), ['error tls-incomplete']],
    [
      'a certificate without its key',
      mailbox('gp', 'X26OT001', 'https://127.0.0.1', '    tls:\n      cert: a\n'),
      ['error tls-incomplete'],
    ],
    ['what is no address', mailbox('gp', 'X26OT001', 'https://a:b:c', ''), ['error bad-value']],
  ])('%s', (_what, mailboxes, expected) => {
    expect(codes(site({ mailboxes }))).toEqual(expected);
  });

  it.each([
    ['live', 'msg.intspineservices.nhs.uk', ['error wrong-environment']],
    ['live', 'mesh.example', ['error example-host']],
    ['live', 'mesh-sync.spineservices.nhs.uk', []],
    ['test', 'mesh-sync.spineservices.nhs.uk', ['error wrong-environment']],
    ['training', 'mesh-sync.spineservices.nhs.uk', ['error wrong-environment']],
    ['test', 'msg.intspineservices.nhs.uk', []],
    ['live', '127.0.0.1:8700', ['warning wrong-environment']],
  ])('of a %s site at %s', (environment, host, expected) => {
    expect(codes(site({ environment, mailboxes: mailbox('gp', 'X26OT001', `https://${host}`) }))).toEqual(expected);
  });

  it('of the national service are looked into and greeted as it asks', () => {
    const more = `${TLS}    poll: 1m\n    handshake: 48h\n`;
    const url = 'https://msg.intspineservices.nhs.uk';
    expect(codes(site({ mailboxes: mailbox('gp', 'X26OT001', url, more) }))).toEqual([
      'warning polls-too-often',
      'warning handshake-too-seldom',
    ]);
    expect(codes(site({ mailboxes: mailbox('gp', 'X26OT001', 'http://127.0.0.1:8700', '    poll: 1s\n') }))).toEqual([]);
  });
});

describe('workflows', () => {
  const forward = (to: string) => source('inbox', 'gp', `      A.B: { do: forward, to: ${to} }\n`);

  it('pass on to what there is, told at the place of the workflow', () => {
    expect(findings(site({ sources: forward('archiv'), destinations: archive }))).toEqual([
      '18:31 error unknown-destination “archiv” is no destination (did you mean "archive"?)',
      '20:3 warning no-mappings destination archive lists no mappings: everything for it would be held',
    ]);
    // What only takes what is passed on needs no mappings.
    expect(findings(site({ sources: forward('archive'), destinations: archive }))).toEqual([]);
  });

  it('pass nothing on by MLLP, nor where the workflow is not sent or its addressee is not known', () => {
    const mllp = '  legacy:\n    kind: mllp\n    host: 127.0.0.1\n    port: 2601\n    mappings: [outbound/x]\n';
    expect(codes(site({ sources: forward('legacy'), destinations: mllp }))).toEqual(['error cannot-pass-on']);
    expect(codes(site({ sources: forward('out'), destinations: sending('', 'gp', '{ by: message }', '[]') }))).toEqual([
      'error workflow-not-allowed',
    ]);
    const allowed = '    allowed: [LETTERS, A.B]\n';
    expect(codes(site({ sources: forward('out'), destinations: sending(allowed, 'gp', '{ by: message }', '[]') }))).toEqual([]);
    expect(codes(site({ sources: forward('out'), destinations: sending(allowed, 'gp', '{ by: organisation }') }))).toEqual([
      'error no-addressee',
    ]);
  });

  it('of which none is taken are worth a word', () => {
    const sources = '  inbox:\n    kind: mesh-api\n    mailbox: gp\n';
    expect(codes(site({ sources }))).toEqual(['warning no-workflows']);
    expect(codes(site({ sources: `${sources}    others: hold\n` }))).toEqual([]);
  });
});

describe('sending by MESH', () => {
  it.each([
    ['a fixed subject without its text', '    subject: fixed\n', ['error missing-setting']],
    ['a fixed subject', '    subject: fixed\n    subjectText: Discharge\n', []],
    ['the ODS code as local id without it', '    localId: ods\n', ['error missing-setting']],
    ['the ODS code as local id', '    localId: ods\n    ods: Y99001\n', []],
    ['its own workflow left out of those allowed', '    allowed: [OTHER]\n', ['error workflow-not-allowed']],
    ['a report of success, which the API never makes', '    confirmedBy: reported\n', ['error never-confirms']],
  ])('%s', (_what, more, expected) => {
    expect(codes(site({ destinations: sending(more) }))).toEqual(expected);
  });

  it('what mappings write has no message to take the address from', () => {
    expect(codes(site({ destinations: sending('', 'gp', '{ by: message }') }))).toEqual(['error no-addressee']);
  });

  it('is confirmed by the recipients’ answers only where somebody takes them', () => {
    const destinations = sending('    confirmedBy: business\n    allowed: [LETTERS, NOTES]\n');
    expect(findings(site({ destinations }))).toEqual([
      '26:18 error no-acknowledgement no source of this mailbox takes the recipients’ answers to LETTERS (under the source’s workflows: LETTERS_ACK: { do: acknowledge, of: LETTERS })',
      '26:18 error no-acknowledgement no source of this mailbox takes the recipients’ answers to NOTES (under the source’s workflows: NOTES_ACK: { do: acknowledge, of: NOTES })',
    ]);
    const answers = '      LETTERS_ACK: { do: acknowledge, of: LETTERS }\n      NOTES_ACK: { do: acknowledge, of: NOTES }\n';
    expect(findings(site({ destinations, sources: source('inbox', 'gp', answers) }))).toEqual([]);
    // Read by a MESH client of the same mailbox they count as well, whatever its case there.
    const client = `  in:\n    kind: mesh-folder\n    role: beside-client\n    path: one\n    mailbox: X26OT001\n    workflows:\n${answers}`;
    expect(findings(site({ destinations, sources: source() + client }))).toEqual([]);
  });

  it('waits no longer than deliveries are kept', () => {
    expect(codes(site({ more: 'retention: 40d\n', destinations: sending('    late:\n      downloaded: 41d\n') }))).toEqual([
      'error late-too-long',
    ]);
  });
});
