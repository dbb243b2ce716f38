import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { CliContext } from '../../cli/context.ts';
import { runCli } from '../../cli/main.ts';

const root = resolve(__dirname, '../..');
const readme = readFileSync(join(root, 'README.md'), 'utf8');

const helpOf = async (...argv: string[]): Promise<string> => {
  let text = '';
  const never = () => Promise.reject(new Error('help opens nothing'));
  const sink = {
    write: (part: string | Uint8Array) => {
      text += String(part);
      return true;
    },
  };
  const context: CliContext = {
    out: sink,
    err: sink,
    environment: {},
    version: '0',
    user: 'nobody',
    operations: never,
    checkConnections: () => Promise.reject(new Error('not here')),
    checkPlan: never,
    mesh: never,
    start: never,
    demo: never,
    meshServer: never,
  };
  await runCli([...argv, '--help'], context);
  return text;
};
const commandsOf = (help: string): string[] =>
  [...(help.split('Commands:')[1] ?? '').matchAll(/^ {2}([a-z]+)/gm)].map(([, name = '']) => name);

describe('the README', () => {
  it('stays under 300 lines', () => {
    expect(readme.split('\n').length).toBeLessThan(300);
  });

  it('names only files that exist', () => {
    const linked = [...readme.matchAll(/\]\(([^)#:]+)(?:#[^)]*)?\)/g)].map(([, path = '']) => path);
    const quoted = [...readme.matchAll(/`((?:test|docs|config|demo|mappings|records|bench|stand-ins)\/[\w./-]+)`/g)].map(
      ([, path = '']) => path,
    );
    const named = [...linked, ...quoted];
    expect(named.length).toBeGreaterThan(10);
    expect(named.filter((path) => !existsSync(join(root, path)))).toEqual([]);
  });

  describe('in its guarantees', () => {
    const rows = [...readme.matchAll(/^\| (\d+) \| \*\*.*$/gm)].map(([row, number]) => ({ row, number: Number(number) }));
    const testsOf = (row: string) => [...row.matchAll(/`(test\/[\w./-]+\.test\.ts)`/g)].map(([, file = '']) => file);

    it('has all ten, each with tests that exist and say something', () => {
      expect(rows.map(({ number }) => number)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
      for (const { row, number } of rows) {
        const tests = testsOf(row);
        expect({ number, tests: tests.length }).not.toEqual({ number, tests: 0 });
        for (const file of tests) {
          const path = join(root, file);
          expect({ number, file, there: existsSync(path) }).toEqual({ number, file, there: true });
          expect(readFileSync(path, 'utf8')).toMatch(/expect\(/);
        }
      }
    });
  });

  it('names only verbs the command has', async () => {
    const verbs = commandsOf(await helpOf());
    const named = [...readme.matchAll(/npm run throughcare -- ([a-z]+)(?: ([a-z]+))?/g)];
    expect(named.length).toBeGreaterThan(10);
    for (const [line, verb = '', below] of named) {
      expect({ line, known: verbs.includes(verb) }).toEqual({ line, known: true });
      const acts = commandsOf(await helpOf(verb));
      if (below !== undefined && acts.length > 0) expect({ line, known: acts.includes(below) }).toEqual({ line, known: true });
    }
  });
});
