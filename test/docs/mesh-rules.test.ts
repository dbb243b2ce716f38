import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const root = resolve(__dirname, '../..');
const page = readFileSync(join(root, 'docs/mesh-rules.md'), 'utf8');
const rules = [...page.matchAll(/^\| (\d+(?:\.\d+)?)( ★)? \| .+ \|$/gm)].map(([, id = '', star]) => ({
  name: id.includes('.') ? `MESH rule ${id}` : `assurance ${id}`,
  star: star !== undefined,
}));

const LEFT_OUT = new Set(['node_modules', 'dist', '.git', 'data']);
const filesOf = (folder: string): readonly string[] =>
  readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return LEFT_OUT.has(entry.name) ? [] : filesOf(path);
    return entry.isFile() && /\.(?:ts|sql)$/.test(entry.name) ? [path] : [];
  });
const files = filesOf('.').map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }));
const titles = files
  .filter(({ path }) => path.endsWith('.test.ts'))
  .flatMap(({ text }) => [...text.matchAll(/(?:\b(?:it|describe|test)(?:\.each\([^)]*\))?|\]\))\(\s*['`]([^'`\n]+)['`]/g)])
  .map(([, title = '']) => title);
const named = (name: string): boolean => titles.some((title) => new RegExp(`${name.replace('.', '\\.')}(?![\\d.]\\d|\\d)`).test(title));

describe('the page of MESH rules', () => {
  it('has every rule of clients and every test of the assurance', () => {
    const starred = rules.filter(({ star }) => star).map(({ name }) => name);
    for (let n = 1; n <= 14; n += 1) expect(starred).toContain(`MESH rule 4.${n}`);
    for (const n of [201, 202, 401, 402, 501, 502, 601, 701, 702, 703, 704, 705, 801, 803]) expect(starred).toContain(`assurance ${n}`);
  });

  it('★ has a test by the name of each that has a star', () => {
    expect(rules.filter(({ name, star }) => star && !named(name)).map(({ name }) => name)).toEqual([]);
  });

  it('has every rule that code and tests name', () => {
    const known = new Set(rules.map(({ name }) => name));
    const strangers = files.flatMap(({ path, text }) =>
      [...text.matchAll(/\b(?:MESH rule \d+\.\d+|assurance \d{3})\b/g)].flatMap(([name]) => (known.has(name) ? [] : [`${path}: ${name}`])),
    );
    expect(strangers).toEqual([]);
  });
});
