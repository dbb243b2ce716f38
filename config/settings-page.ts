import { declaration } from './declaration.ts';
import { type AnySetting, join } from './setting.ts';

type Declared = Readonly<Record<string, AnySetting>>;
interface Row {
  readonly name: string;
  readonly setting: AnySetting;
  /** The optional group it belongs to: required only where that is written. */
  readonly within?: string;
}

const cell = (text: string): string => text.replaceAll('|', '\\|');
const defaultOf = ({ setting, within }: Row): string => {
  const { fallback, optional, shape } = setting;
  if (optional) return 'absent';
  if (fallback === undefined) return within === undefined ? '**required**' : `**required** in \`${within}\``;
  return fallback === '' && shape.kind !== 'scalar' ? 'none' : `\`${fallback}\``;
};

const rowText = (row: Row, marksRestart: boolean): string => {
  const { name, setting } = row;
  const doc = `${setting.doc}${setting.secret ? ' Never shown.' : ''}${marksRestart && setting.restart ? ' *Restart.*' : ''}`;
  return `| \`${name}\` | ${cell(setting.type)} | ${defaultOf(row)} | ${cell(doc)} |`;
};

/** Leaves in order; those of a group are written with their dotted names. */
const rowsOf = (fields: Declared, prefix = '', within?: string): Row[] =>
  Object.entries(fields).flatMap(([name, setting]) => {
    const here = join(prefix, name);
    const row: Row = { name: here, setting, ...(within === undefined ? {} : { within }) };
    const { shape } = setting;
    if (shape.kind === 'group') return rowsOf(shape.fields, here, setting.optional ? here : within);
    if (shape.kind === 'list' && shape.of.shape.kind === 'group') return [row, ...rowsOf(shape.of.shape.fields, `${here}[]`, here)];
    return [row];
  });

const table = (rows: readonly Row[], marksRestart = true): string =>
  ['| setting | value | default | meaning |', '|---|---|---|---|', ...rows.map((row) => rowText(row, marksRestart)), ''].join('\n');

const fieldsOf = (setting: AnySetting): Declared => (setting.shape.kind === 'group' ? setting.shape.fields : {});
const pick = (fields: Declared, wanted: (name: string) => boolean): Declared =>
  Object.fromEntries(Object.entries(fields).filter(([name]) => wanted(name)));

/** First what every kind has, then each kind's own. */
const variantTables = (by: string, of: Declared): string[] => {
  const [first = {}, ...others] = Object.values(of).map(fieldsOf);
  const shared = (name: string): boolean => others.every((fields) => fields[name] !== undefined && fields[name] === first[name]);
  const own = Object.entries(of).map(
    ([word, setting]) => `### ${by}: ${word}\n\n${setting.doc}\n\n${table(rowsOf(pick(fieldsOf(setting), (name) => !shared(name))))}`,
  );
  const common = rowsOf(pick(first, shared));
  const kind = `| \`${by}\` | one of ${Object.keys(of).join(', ')} | **required** | Which of the tables below applies. |\n`;
  return [`### Every kind\n\n${table(common).replace('|---|---|---|---|\n', `|---|---|---|---|\n${kind}`)}`, ...own];
};

const section = (name: string, setting: AnySetting): string => {
  const { shape } = setting;
  const head = `## ${name}\n\n${setting.doc}${setting.restart ? ' A change needs a restart.' : ''}\n`;
  if (shape.kind === 'map' && shape.of.shape.kind === 'variants')
    return [`${head}\nNames: ${shape.key}.\n`, ...variantTables(shape.of.shape.by, shape.of.shape.of)].join('\n');
  if (shape.kind === 'list') return `${head}\n${table(rowsOf(fieldsOf(shape.of)))}`;
  return `${head}\n${table(rowsOf(fieldsOf(setting), name), !setting.restart)}`;
};

const opening = `# Configuration

One YAML file, \`config/throughcare.yaml\` unless \`--config\` names another. \`throughcare check\` says everything that is wrong with it at once, each with
its place; the daemon starts only when nothing is. A reload (SIGHUP) takes a changed file as a whole or keeps the old one; settings marked
*Restart* cannot change while it runs. This page is made from the declarations in \`config/\`.

- **Durations** are a number and \`ms\`, \`s\`, \`m\`, \`h\` or \`d\`: \`250ms\`, \`30s\`, \`7d\`. **Sizes** are a number and \`B\`, \`kB\`, \`MB\` or \`GB\`, in steps of 1024.
- **Paths** are relative to the folder of the file.
- **\`\${env:NAME}\`** is the environment variable, which must be set; **\`\${env:NAME:-default}\`** has a default, which may be empty. Secrets may also be
  **\`\${file:path}\`**, the content of a file. \`$\${\` stands for \`\${\`. A value that comes out empty counts as absent.
- Editors complete and check the file by \`config/schema/throughcare.schema.json\`, named in its first line.
`;

/** docs/configuration.md, made from the declarations. */
export const settingsPage = (): string => {
  const fields = fieldsOf(declaration);
  const single = ({ shape }: AnySetting): boolean => shape.kind === 'scalar' || (shape.kind === 'list' && shape.of.shape.kind === 'scalar');
  const site = `## The site\n\n${table(rowsOf(pick(fields, (name) => fields[name] !== undefined && single(fields[name]))))}`;
  const rest = Object.entries(fields).flatMap(([name, setting]) => (single(setting) ? [] : [section(name, setting)]));
  return `${[opening, site, ...rest].join('\n').trimEnd()}\n`;
};
