import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const root = resolve(__dirname, '../..');
const page = readFileSync(join(root, 'docs/rulings.md'), 'utf8');
const rulings = [...page.matchAll(/^\| ([A-D]\d+)( ★)? \| (.+) \|$/gm)].map(([, name = '', star]) => ({ name, star: star !== undefined }));

const SOURCES = /\.(?:ts|sql|md)$/;
const LEFT_OUT = new Set(['node_modules', 'dist', '.git', 'data']);
const filesOf = (folder: string): readonly string[] =>
  readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return LEFT_OUT.has(entry.name) ? [] : filesOf(path);
    return entry.isFile() && SOURCES.test(entry.name) ? [path] : [];
  });
const files = filesOf('.').map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }));

/** Titles of tests and groups of tests: the first text after `it(`, `describe(`, or the table of an `each`. */
const titles = files
  .filter(({ path }) => path.endsWith('.test.ts'))
  .flatMap(({ text }) => [...text.matchAll(/^\s*(?:(?:it|describe)\(|\]\)\()\s*'([^'\n]+)'/gm)].map(([, title = '']) => title));

describe('the page of rulings', () => {
  it('has rulings, some of them with a star', () => {
    expect(rulings.length).toBeGreaterThan(20);
    expect(new Set(rulings.map(({ name }) => name)).size).toBe(rulings.length);
    expect(rulings.filter(({ star }) => star).length).toBeGreaterThan(5);
  });

  it('★ has a test by the name of each that has a star', () => {
    const unnamed = rulings.filter(
      ({ name, star }) => star && !titles.some((title) => new RegExp(`\\b${name.replace(/^[A-D]/, '$&\\.?')}\\b`).test(title)),
    );
    expect(unnamed.map(({ name }) => name)).toEqual([]);
  });

  it('has every ruling that the code and the tests name', () => {
    const known = new Set(rulings.map(({ name }) => name));
    const strangers = files.flatMap(({ path, text }) =>
      [...text.matchAll(/\brulings? ((?:[A-D]\d+)(?:(?:, | and |–)[A-D]\d+)*)/gi)].flatMap(([, named = '']) =>
        (named.match(/[A-D]\d+/g) ?? []).filter((name) => !known.has(name)).map((name) => `${path}: ${name}`),
      ),
    );
    expect(strangers).toEqual([]);
  });
});
