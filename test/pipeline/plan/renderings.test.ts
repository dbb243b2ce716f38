import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { loadConfig } from '../../../config/load.ts';
import { checkPlan } from '../../../daemon/load-plan.ts';
import { showFinding } from '../../../records/issue.ts';
import { type Disposable, temporaryFolder } from '../../support/temp.ts';

const ROOT = join(__dirname, '..', '..', '..');
const SITES = { example: join(ROOT, 'demo', 'site'), starter: join(ROOT, 'config') };

let temp: Disposable;
beforeAll(async () => {
  temp = await temporaryFolder('plan');
});
afterAll(() => temp.remove());

let sites = 0;
/** What `throughcare check` says of the lists of mappings in a shipped site, after a change to its files. */
const said = async (
  site: keyof typeof SITES,
  config: (yaml: string) => string = (yaml) => yaml,
  directory: (yaml: string) => string = (yaml) => yaml,
): Promise<readonly string[]> => {
  const folder = join(temp.path, String(++sites));
  await mkdir(folder);
  const yaml = config(await readFile(join(SITES[site], 'throughcare.yaml'), 'utf8')).replace(
    /^mappings:\n {2}- .*$/m,
    `mappings:\n  - ${join(ROOT, 'mappings')}`,
  );
  const file = join(folder, 'throughcare.yaml');
  await writeFile(file, yaml);
  await writeFile(join(folder, 'directory.yaml'), directory(await readFile(join(SITES[site], 'directory.yaml'), 'utf8')));
  const result = loadConfig(file, { environment: {} });
  if (result.loaded === undefined) throw new Error(result.findings.map(showFinding).join('\n'));
  const findings = await checkPlan(result.loaded);
  return findings
    .filter(({ code }) => /render/.test(code))
    .map((finding) => showFinding(finding).replace(/^\S*throughcare\.yaml/, relative(folder, file)));
};

describe('the lists of mappings of a site', () => {
  it.each(['example', 'starter'] as const)('of the shipped %s site render everything its routes may send', async (site) => {
    expect(await said(site)).toEqual([]);
  });

  it('★ C.31: two mappings for one record are an error, at the list that names them', async () => {
    const found = await said('example', (yaml) =>
      yaml.replace('gp/letter-text-cancel, gp/result-text]', 'gp/letter-text-cancel, gp/result-text, gp/result]'),
    );
    expect(found).toHaveLength(1);
    expect(found[0]).toMatch(
      /^throughcare\.yaml:76:15 error renderings-overlap destination gp-quay: gp\/result-text and gp\/result may both render one report/,
    );
  });

  it('★ C.30: a document whose withdrawal has no mapping is an error', async () => {
    const found = await said('example', (yaml) =>
      yaml.replace('mappings: [gp/result, gp/letter, gp/letter-cancel]', 'mappings: [gp/result, gp/letter]'),
    );
    expect(found).toHaveLength(1);
    expect(found[0]).toMatch(
      /^throughcare\.yaml:72:15 error action-not-rendered destination gp-hill-lane: no mapping renders a document with action cancel, error/,
    );
  });

  it('★ C.30: a kind that a route may send where no mapping takes it is told by name, with the directory as it is', async () => {
    const without = (yaml: string) =>
      yaml.replace('mappings: [gp/result, gp/letter, gp/letter-cancel]', 'mappings: [gp/letter, gp/letter-cancel]');
    const found = await said('example', without);
    expect(found).toHaveLength(1);
    expect(found[0]).toMatch(/^throughcare\.yaml:72:15 warning kind-not-rendered destination gp-hill-lane: routes may send a report here/);
    // The practice has its reports sent elsewhere: nothing is missing any more.
    const moved = (yaml: string) => yaml.replace('      document: gp-mesh', '      document: gp-mesh\n      report: gp-quay');
    expect(await said('example', without, moved)).toEqual([]);
  });
});
