import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Disposable, temporaryFolder } from '../support/temp.ts';

const project = join(__dirname, '..', '..');
const gate = join(project, 'test', 'gates', 'imports.mjs');

/** A house of its own under the project's rules, holding `files`. */
async function house(files: Readonly<Record<string, string>>): Promise<Disposable> {
  const folder = await temporaryFolder('house');
  for (const name of ['.dependency-cruiser.cjs', 'package.json', 'tsconfig.json']) cpSync(join(project, name), join(folder.path, name));
  symlinkSync(join(project, 'node_modules'), join(folder.path, 'node_modules'));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder.path, path)), { recursive: true });
    writeFileSync(join(folder.path, path), text);
  }
  return folder;
}
const cruise = (root: string, env: NodeJS.ProcessEnv = process.env) => spawnSync(process.execPath, [gate, root], { encoding: 'utf8', env });

/** [file, what it imports, rule that must name it] */
const planted: readonly (readonly [string, string, string])[] = [
  ['records/a.ts', `import { b } from '../formats/ok.ts';`, 'records-rooms'],
  ['records/b.ts', `import { parse } from 'yaml';`, 'records-packages'],
  ['formats/a.ts', `import { readFileSync } from 'node:fs';`, 'formats-pure'],
  ['formats/b.ts', `import type { b } from '../adapters/ok.ts';`, 'formats-rooms'],
  ['language/a.ts', `import { b } from '../formats/ok.ts';`, 'language-rooms'],
  ['mappings/engine/a.ts', `import { b } from '../../store/ok.ts';`, 'mappings/engine-rooms'],
  ['patients/a.ts', `import { DateTime } from 'luxon';`, 'patients-packages'],
  ['routing/a.ts', `import { b } from '../patients/ok.ts';`, 'routing-rooms'],
  ['directory/a.ts', `import { get } from 'node:http';`, 'directory-pure'],
  ['adapters/folder/a.ts', `import { b } from '../../store/ok.ts';`, 'adapters-rooms'],
  ['adapters/folder/b.ts', `import { Client } from 'node-hl7-client';`, 'only-adapters-mllp-imports-node-hl7-client'],
  ['adapters/mllp/a.ts', `import Client from 'ssh2-sftp-client';`, 'only-adapters-sftp-imports-ssh2-sftp-client'],
  ['store/a.ts', `import { b } from '../config/ok.ts';`, 'store-types-only'],
  ['store/b.ts', `import { Queue } from 'bullmq';`, 'only-queues-imports-bullmq'],
  ['queues/a.ts', `import pg from 'pg';`, 'only-store-imports-pg'],
  ['queues/b.ts', `import { b } from '../store/ok.ts';`, 'queues-rooms'],
  ['pipeline/a.ts', `import { b } from '../store/ok.ts';`, 'pipeline-rooms'],
  ['console/a.ts', `import { b } from '../store/ok.ts';`, 'console-rooms'],
  ['cli/a.ts', `import { b } from '../main.ts';`, 'nothing-imports-main'],
  ['demo/a.ts', `import { b } from '../store/ok.ts';`, 'demo-rooms'],
  ['stand-ins/a.ts', `import { b } from '../telemetry/ok.ts';`, 'stand-ins-rooms'],
  ['store/c.ts', `import { b } from '../test/ok.ts';`, 'product-stands-alone'],
  ['telemetry/a.ts', `import { fc } from 'fast-check';`, 'no-development-packages'],
  ['telemetry/b.ts', `import { x } from './c.ts';`, 'no-circles'],
  ['store/e.ts', `import { type b, x } from '../config/ok.ts';`, 'store-types-only'],
  ['telemetry/utils.ts', `import { b } from './ok.ts';`, 'no-drawer-names-here'],
  ['telemetry/d.ts', `import { x } from './helpers/x.ts';`, 'no-drawer-names'],
  ['telemetry/e.ts', `import { x } from './gone.ts';`, 'no-unresolvable'],
  ['config/alone.ts', '', 'no-orphans'],
];
const allowed: readonly (readonly [string, string])[] = [
  ['store/d.ts', `import type { b } from '../config/ok.ts';\nimport pg from 'pg';`],
  ['pipeline/b.ts', `import { type b, type c } from '../config/ok.ts';\nexport type { d } from '../config/ok.ts';`],
  ['adapters/mllp/b.ts', `import { Client } from 'node-hl7-client';`],
  ['adapters/mllp/c.ts', `import { createServer } from 'node:net';\nimport { b } from '../../formats/ok.ts';`],
  ['formats/c.ts', `import { createHash } from 'node:crypto';\nimport iconv from 'iconv-lite';`],
  ['bench/a.ts', `import pg from 'pg';\nimport { b } from '../store/ok.ts';`],
];
const rooms = 'records formats language telemetry config adapters store queues patients test mappings/engine'.split(' ');

describe('the import ladder', () => {
  let folder: Disposable;
  let said: string;
  beforeAll(async () => {
    const files: Record<string, string> = {
      'main.ts': 'export const b = 1;\n',
      'telemetry/c.ts': `export type { x } from './b.ts';\n`,
      'telemetry/helpers/x.ts': 'export const x = 1;\n',
    };
    for (const room of rooms) files[`${room}/ok.ts`] = 'export const b = 1;\n';
    for (const [path, text] of [...planted, ...allowed]) files[path] = `${text}\nexport const x = 1;\n`;
    folder = await house(files);
    const run = cruise(folder.path);
    said = run.stdout + run.stderr;
    expect(run.status).toBe(1);
  });
  afterAll(() => folder.remove());

  it.each(planted)('%s may not say %s', (file, _text, rule) => {
    expect(said.split('\n').filter((line) => line.startsWith(`${rule}: ${file}`))).not.toEqual([]);
  });
  it.each(allowed)('%s may say %s', (file) => {
    expect(said).not.toContain(`: ${file}`);
  });
});

describe('the gate of the import ladder', () => {
  it('passes a house in order', async () => {
    const folder = await house({ 'records/a.ts': 'export const a = 1;\n', 'formats/b.ts': `export { a } from '../records/a.ts';\n` });
    expect(cruise(folder.path)).toMatchObject({ status: 0, stdout: '2 source files, 2 looked at, 0 forbidden imports\n' });
    await folder.remove();
  });

  it('fails when sources were not looked at', async () => {
    const folder = await house({ 'records/a.ts': 'export const a = 1;\n', 'formats/b.ts': `export { a } from '../records/a.ts';\n` });
    // What a missing TypeScript parser comes to: the files are there, the cruise does not see them.
    writeFileSync(join(folder.path, '.dependency-cruiser.cjs'), `module.exports = { forbidden: [], options: { includeOnly: 'nothing' } };`);
    const run = cruise(folder.path);
    expect(run).toMatchObject({ status: 1 });
    expect(run.stderr).toContain('Only 0 of 2 source files were looked at');
    await folder.remove();
  });
});
