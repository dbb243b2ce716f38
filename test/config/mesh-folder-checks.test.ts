import { parseConfig } from '../../config/load.ts';
import { showFinding } from '../../records/issue.ts';

const FILE = '/site/throughcare.yaml';
const findings = (text: string) =>
  parseConfig(FILE, `site: example\nmappings: [mappings]\n${text}`, { environment: {}, readFile: () => '' }).findings.map((finding) =>
    showFinding(finding).replace(`${FILE}:`, ''),
  );
const source = (name: string, role: string, path: string) =>
  `  ${name}:\n    kind: mesh-folder\n    role: ${role}\n    path: ${path}\n    mailbox: X26OT001\n    workflows:\n      A: { do: hold }\n`;
const destination = (name: string, role: string, path: string, more = '') =>
  `  ${name}:\n    kind: mesh-folder\n    role: ${role}\n    path: ${path}\n    mailbox: X26OT001\n    workflow: A\n    to: { by: mailbox, mailbox: X26OT002 }\n    mappings: [outbound/x]\n${more}`;

describe('MESH folders in the configuration', () => {
  it('a source and a destination share a root in one role', () => {
    for (const role of ['beside-client', 'as-client'])
      expect(findings(`sources:\n${source('in', role, 'mesh')}destinations:\n${destination('out', role, 'mesh')}`)).toEqual([]);
    expect(findings(`sources:\n${source('in', 'beside-client', 'mesh')}destinations:\n${destination('out', 'as-client', 'mesh')}`)).toEqual(
      ['14:11 error folder-roles sources.in.role says beside-client of the same folders: we are beside a client or in its place'],
    );
  });

  it('a root is nobody else’s folder', () => {
    const folder = '  drop:\n    kind: folder\n    path: mesh/OUT\n';
    expect(findings(`sources:\n${folder}${source('in', 'as-client', 'mesh')}`)).toEqual([
      '10:11 error folder-nested the folder of sources.drop.path lies inside this one',
    ]);
  });

  it('what is sent beside a client is read there, and asks nothing that folders cannot tell', () => {
    expect(findings(`sources:\n${source('in', 'beside-client', 'a')}destinations:\n${destination('out', 'beside-client', 'b')}`)).toEqual([
      '15:11 error no-inbox the client tells in SENT, FAILED and IN what became of a pair, and no source reads there (add a source of kind mesh-folder with the same path)',
    ]);
    const asked = (more: string) =>
      findings(`sources:\n${source('in', 'as-client', 'a')}destinations:\n${destination('out', 'as-client', 'a', more)}`);
    expect(asked('    confirmedBy: reported\n')).toEqual([
      '20:18 error never-confirms who reads IN says nothing: it would never be confirmed',
    ]);
    expect(asked('    advance: confirmed\n')).toEqual([
      '20:14 error never-confirms who reads IN says nothing: it would never be confirmed',
    ]);
    expect(asked('    confirmedBy: downloaded\n')[0]).toMatch(/error bad-value .*is not one of accepted, reported, business/);
    const text = `sources:\n${source('in', 'as-client', 'a')}destinations:\n${destination('out', 'as-client', 'a')}`;
    expect(findings(text.replace('{ by: mailbox, mailbox: X26OT002 }', '{ by: organisation }'))).toEqual([
      '18:9 error no-lookup an organisation’s mailbox is looked up through the API alone (name a mailbox, or send by kind: mesh-api)',
    ]);
  });
});
