import { CONFIG_YAML, MAPPING_YAML, readYaml, type YamlNode } from '../../language/yaml.ts';
import { showFinding } from '../../records/issue.ts';

const shown = (text: string, rules = MAPPING_YAML): string[] =>
  readYaml('m.yaml', text, rules).findings.map((finding) => showFinding(finding).replace(/ \(.*$/, ''));
const at = (node: YamlNode | undefined, ...path: (string | number)[]): YamlNode => {
  let here = node;
  for (const step of path)
    here = here?.kind === 'map' ? here.get(String(step)) : here?.kind === 'list' ? here.items[Number(step)] : undefined;
  if (here === undefined) throw new Error(`nothing at ${path.join('.')}`);
  return here;
};
const textAt = (node: YamlNode | undefined, ...path: (string | number)[]) => {
  const found = at(node, ...path);
  if (found.kind !== 'text') throw new Error('not a text');
  return found;
};

describe('reading YAML with places', () => {
  it('keeps every value as the text it was written as', () => {
    const { root, findings } = readYaml('m.yaml', 'a: 007\nb: 1E5\nc: yes\nd: 0x1F\ne:\nf: 1.10\n', MAPPING_YAML);
    expect(findings).toEqual([]);
    expect(['a', 'b', 'c', 'd', 'e', 'f'].map((key) => textAt(root, key).text)).toEqual(['007', '1E5', 'yes', '0x1F', '', '1.10']);
  });

  it('knows the place of keys, values, list items and letters inside a value', () => {
    const { root } = readYaml('m.yaml', 'top:\n  - name: PID-3 | digts\n', MAPPING_YAML);
    const item = at(root, 'top', 0);
    expect(item.kind === 'map' && item.entries[0]?.keyPlace).toEqual({ file: 'm.yaml', line: 2, column: 5 });
    expect(textAt(root, 'top', 0, 'name').at(8)).toEqual({ file: 'm.yaml', line: 2, column: 19 });
  });

  it('joins a run-on line with one blank and still names the real line', () => {
    const { root } = readYaml('m.yaml', 'a:\n  PID-3.1\n  + PID-4.1\n  | upper\n', MAPPING_YAML);
    const text = textAt(root, 'a');
    expect(text.text).toBe('PID-3.1 + PID-4.1 | upper');
    expect(text.at(text.text.indexOf('upper'))).toEqual({ file: 'm.yaml', line: 4, column: 5 });
    expect(text.at(text.text.indexOf('PID-4'))).toEqual({ file: 'm.yaml', line: 3, column: 5 });
  });

  it('places letters behind a doubled quote and behind an escape', () => {
    const { root } = readYaml('m.yaml', "a: 'it''s | bad'\nb: \"t\\tx\"\n", MAPPING_YAML);
    const single = textAt(root, 'a');
    expect(single.text).toBe("it's | bad");
    expect(single.at(single.text.indexOf('bad')).column).toBe("a: 'it''s | ".length + 1);
    expect(textAt(root, 'b').style).toBe('double');
  });

  it.each([
    ['flow map', 'a: {b: c}', 'm.yaml:1:4 error flow-form'],
    ['flow list', 'a: [b]', 'm.yaml:1:4 error flow-form'],
    ['anchor', 'a: &x b', 'm.yaml:1:7 error anchor'],
    ['alias', 'a: b\nc: *x', 'm.yaml:2:4 error'],
    ['tag', 'a: !!str b', 'm.yaml:1:10 error tag'],
    ['unknown tag', 'a: !mine b', 'm.yaml:1:10 error tag'],
    ['merge key', '<<: b', 'm.yaml:1:1 error merge-key'],
    ['several documents', 'a: b\n---\nc: d', 'm.yaml:2:1 error several-documents'],
    ['one blank before a comment', 'a: = REF #12', 'm.yaml:1:10 error one-blank-comment'],
    ['same key twice', 'a: b\nc: d\na: e', 'm.yaml:3:1 error duplicate-key'],
    ['unquoted colon', 'a: b: c', 'm.yaml:1:4 error yaml'],
    ['open quote', 'a: "b', 'm.yaml:1:6 error yaml'],
  ])('refuses: %s', (_name, text, expected) => {
    expect(shown(text).join('\n')).toContain(expected);
  });

  it('takes comments on their own line, behind a bare key and behind two blanks', () => {
    expect(shown('# top\na:   # group\n  # inner\n  b: = REF  # note\n  c: x#y\n  d: "a # b"\n')).toEqual([]);
  });

  it('lets configuration files use flow lists and one-blank comments, never anchors', () => {
    expect(shown('a: [b, c] # d\n', CONFIG_YAML)).toEqual([]);
    expect(shown('a: &x [b, c]\n', CONFIG_YAML).join()).toContain('anchor');
  });

  it('finds everything that is wrong at once, in the order of the file', () => {
    expect(shown('a: {b: c}\nd: x #y\ne: &f g\n').map((line) => line.split(' ')[0])).toEqual(['m.yaml:1:4', 'm.yaml:2:6', 'm.yaml:3:7']);
  });

  it('reads an empty file, CRLF line ends and a byte-order mark', () => {
    expect(readYaml('m.yaml', '', MAPPING_YAML).findings).toEqual([]);
    const { root, findings } = readYaml('m.yaml', '\ufeffa: b\r\nc: d  # x\r\n', MAPPING_YAML);
    expect(findings).toEqual([]);
    expect(textAt(root, 'c').text).toBe('d');
    expect(textAt(root, 'c').place.line).toBe(2);
  });
});
