import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseConfig } from '../../config/load.ts';
import { loadMappings } from '../../mappings/engine/index.ts';
import { showFinding } from '../../records/issue.ts';

const root = resolve(__dirname, '../..');
const guides = join(root, 'docs/guides');

interface Example {
  readonly name: string;
  readonly kind: string;
  readonly text: string;
}

const examples: readonly Example[] = [join(root, 'README.md'), ...readdirSync(guides).map((name) => join(guides, name))].flatMap((page) =>
  [...readFileSync(page, 'utf8').matchAll(/^```yaml (mapping|throughcare\.yaml)\n([\s\S]*?)^```$/gm)].map(
    ([, kind = '', text = ''], index) => ({
      name: `${page.slice(root.length + 1)}, example ${index + 1} (${kind})`,
      kind,
      text,
    }),
  ),
);
const errorsOf = ({ kind, text }: Example): readonly string[] => {
  const { findings } =
    kind === 'mapping'
      ? loadMappings(new Map([['example.map.yaml', text]]))
      : parseConfig(join(root, 'config/first/throughcare.yaml'), text, {
          environment: {},
          readFile: () => '',
        });
  return findings.filter(({ severity }) => severity === 'error').map(showFinding);
};

describe('examples in the documentation', () => {
  it('are there, of both kinds', () => {
    expect(new Set(examples.map(({ kind }) => kind))).toEqual(new Set(['mapping', 'throughcare.yaml']));
  });

  it.each(examples)('$name loads without an error', (example) => {
    expect(errorsOf(example)).toEqual([]);
  });
});
