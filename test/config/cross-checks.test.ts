import { parseConfig } from '../../config/load.ts';
import { showFinding } from '../../records/issue.ts';

const FILE = '/site/throughcare.yaml';
const findings = (text: string) =>
  parseConfig(FILE, text, { environment: {}, readFile: () => '' }).findings.map((finding) => showFinding(finding).replace(`${FILE}:`, ''));

const BASE = 'site: example\nmappings: [mappings]\n';
const mllp = (name: string, listen: string, more = '') => `  ${name}:\n    kind: mllp\n    listen: ${listen}\n${more}`;
const folder = (name: string, path: string, more = '') => `  ${name}:\n    kind: folder\n    path: ${path}\n${more}`;
const SOURCE = `sources:\n${mllp('adt', '127.0.0.1:2575')}`;

describe('settings that contradict each other', () => {
  it('two listeners on one port, also behind 0.0.0.0; port 0 never clashes', () => {
    const text = `${BASE}sources:\n${mllp('a', '127.0.0.1:2575')}${mllp('b', '0.0.0.0:2575')}${mllp('c', '127.0.0.1:7750')}${mllp('d', '127.0.0.1:0')}${mllp('e', '127.0.0.1:0')}${mllp('f', '192.0.2.1:7750')}`;
    expect(findings(text)).toEqual([
      '9:13 error port-taken port 2575 is already used by sources.a.listen',
      '12:13 error port-taken port 7750 is already used by console.listen',
    ]);
  });

  it('a destination that is our own source', () => {
    const text = `${BASE}${SOURCE}destinations:\n  loop:\n    kind: mllp\n    host: localhost\n    port: 2575\n    mappings: [outbound/x]\n`;
    expect(findings(text)).toEqual(['11:11 error sends-to-itself this is the port of sources.adt.listen: what is sent would come back in']);
  });

  it('folders that are the same or lie in one another, in any direction', () => {
    const text = `${BASE}data: work\nsources:\n${folder('a', 'in')}${folder('b', 'in/b')}${folder('c', 'in-c')}${folder('d', 'work/postgres/d')}${folder('e', 'work/in')}destinations:\n${folder('x', './in/', '    mappings: [outbound/x]\n')}${folder('y', '.', '    mappings: [outbound/x]\n')}`;
    const found = findings(text);
    expect(found).toContain('10:11 error folder-nested this folder lies inside that of sources.a.path');
    expect(found).toContain(
      '16:11 error folder-of-data this folder holds the embedded PostgreSQL or the key file (choose a folder of its own)',
    );
    expect(found).toContain('23:11 error folder-shared this is also the folder of sources.a.path');
    expect(found).toContain(
      '27:11 error folder-of-data this folder holds the embedded PostgreSQL or the key file (choose a folder of its own)',
    );
    expect(found).toContain('27:11 error folder-nested the folder of sources.a.path lies inside this one');
    expect(found.filter((line) => line.startsWith('13:') || line.startsWith('19:'))).toEqual([]);
  });

  it('routes to nowhere, to two places, twice the same name; roles and destinations are known', () => {
    const text = `${BASE}${SOURCE}destinations:\n${folder('outbox', 'out', '    mappings: [outbound/x]\n')}routes:
  - name: one
    to: outbx
  - name: one
    to: custodian
    file: kept
  - name: three
  - name: four
    to: outbox
  - name: five
    to: registerd-gp
`;
    expect(findings(text)).toEqual([
      '14:9 error unknown-destination “outbx” is neither a role nor a destination (did you mean "outbox"?)',
      '15:11 error duplicate-name two routes are called one',
      '17:11 error to-and-file route one both sends and keeps (use two routes)',
      '18:5 error missing-setting route three says neither where records go (to) nor why they stay (file)',
      '22:9 error unknown-destination “registerd-gp” is neither a role nor a destination (did you mean "registered-gp"?)',
    ]);
  });

  it('a destination called like a role', () => {
    expect(findings(`${BASE}${SOURCE}destinations:\n${folder('custodian', 'out', '    mappings: [outbound/x]\n')}`)[0]).toMatch(
      /^8:3 error reserved-name/,
    );
  });

  it('an event both accepted and ignored, and replies to no destination', () => {
    const more = '    accept: [ADT^A01, ADT^A05]\n    ignore: { ADT^A05: not used }\n    replies: nowhere\n';
    expect(findings(`${BASE}sources:\n${mllp('a', '127.0.0.1:2575', more)}`)).toEqual([
      '7:23 error accepted-and-ignored ADT^A05 is accepted and ignored',
      '9:14 error unknown-destination “nowhere” is no destination',
    ]);
  });

  it('a claim that ends before its sending, and an answer waited for longer than a sending', () => {
    const text = `${BASE}${SOURCE}advanced: { claimTtl: 5s, sendDeadline: 5s }\ndestinations:\n  a:\n    kind: mllp\n    host: h\n    port: 1\n    mappings: [outbound/x]\n    retry: { first: 10m }\n`;
    const found = findings(text);
    expect(found[0]).toBe(
      '7:23 error claim-too-short the claim (5s) must outlast the send deadline (5s) by more than 625ms (otherwise two daemons could send at once)',
    );
    expect(found).toContain('9:3 error timeout-too-long the answer would be waited for longer than a sending may take (5s)');
    expect(found).toContain('14:12 error retry-order the first wait is longer than the longest');
  });
});

describe('how long things are kept', () => {
  it('control ids that are remembered longer than their messages', () => {
    expect(findings(`${BASE}${SOURCE}retention: 7d\n`)).toEqual([]);
    expect(findings(`${BASE}${SOURCE}    window: 8d\nretention: 7d\n`)[0]).toMatch(/ error window-too-long .*\(7d\)/);
  });
});

describe('what belongs together', () => {
  it('a server of one’s own and its keys', () => {
    expect(findings(`${BASE}${SOURCE}store: { url: postgres://h/d }\n`)[0]).toMatch(/^7:15 warning no-keys/);
  });

  it('a certificate and its key, and client certificates and those they are checked against', () => {
    const more = '    tls: { cert: c, key: k, requireClientCertificate: yes }\n';
    const text = `${BASE}sources:\n${mllp('a', '127.0.0.1:2575', more)}destinations:\n  b:\n    kind: mllp\n    host: h\n    port: 1\n    mappings: [outbound/x]\n    tls: { cert: c }\n`;
    expect(findings(text)).toEqual([
      '7:10 error tls-incomplete requireClientCertificate needs ca, or no certificate could be checked',
      '14:10 error tls-incomplete a certificate and its key go together',
    ]);
  });

  it('a folder and advancing at handed over', () => {
    const text = `${BASE}${SOURCE}destinations:\n${folder('outbox', 'out', '    mappings: [outbound/x]\n    advance: confirmed\n    name: "{id}"\n')}`;
    expect(findings(text)[0]).toMatch(/^13:11 error bad-value destinations\.outbox\.name: “\{id\}” is not a file name with \{key\}/);
    expect(findings(text.replace('{id}', '{key}'))[0]).toMatch(/^12:14 error never-confirms/);
  });
});

describe('a console that others can reach', () => {
  it('is refused, and with allowRemote warned of', () => {
    expect(findings(`${BASE}${SOURCE}console: { listen: 0.0.0.0:7750 }\n`)[0]).toMatch(/^7:20 error console-remote .*0\.0\.0\.0/);
    expect(findings(`${BASE}${SOURCE}console: { listen: 0.0.0.0:7750, allowRemote: yes }\n`)[0]).toMatch(/^7:20 warning console-remote/);
    expect(findings(`${BASE}${SOURCE}console: { listen: '[::1]:7750' }\n`)).toEqual([]);
  });
});

describe('a live site', () => {
  const live = 'site: example\nenvironment: live\nmappings: [mappings]\nstore: { url: postgres://h/d, keys: x }\n';

  it('takes only live messages, and a test site no live ones', () => {
    expect(findings(`${live}sources:\n${mllp('a', '127.0.0.1:2575', '    processingIds: [P, T]\n')}`)).toEqual([
      '9:24 error wrong-environment a live site takes no messages marked T',
    ]);
    expect(findings(`${BASE}sources:\n${mllp('a', '127.0.0.1:2575', '    processingIds: [T, D, P]\n')}`)).toEqual([
      '7:27 error wrong-environment a test site takes no messages marked P',
    ]);
  });

  it('is warned of patient data in clear on the network and of the embedded store, and sends to no example', () => {
    const destination = (host: string) =>
      `destinations:\n  a:\n    kind: mllp\n    host: ${host}\n    port: 1\n    mappings: [outbound/x]\n`;
    expect(findings(`${live}sources:\n${mllp('a', '0.0.0.0:2575')}${destination('10.0.0.1')}`).map((line) => line.split(' ')[2])).toEqual([
      'plain-text',
      'plain-text',
    ]);
    expect(findings(`${live}${SOURCE}${destination('127.0.0.1')}`)).toEqual([]);
    expect(findings(`${live}${SOURCE}${destination('clinical.example')}`)[0]).toMatch(/error example-host/);
    expect(findings(`site: a\nenvironment: live\nmappings: [m]\n${SOURCE}`)[0]).toMatch(/warning embedded-store/);
  });
});
