import { didYouMean } from '../../language/did-you-mean.ts';
import type { Finding } from '../../records/issue.ts';
import { checkAcross } from './check/across.ts';
import { Compilation } from './compilation.ts';
import type { InboundMapping } from './inbound/inbound-mapping.ts';
import { loadInbound } from './inbound/load-inbound.ts';
import { type MappingFile, readMappingFile } from './mapping-file.ts';
import { loadOutbound, outputKind } from './outbound/load-outbound.ts';
import type { OutboundMapping } from './outbound/outbound-mapping.ts';
import { type Resolved, Resolver } from './resolve.ts';
import { mappingVersion } from './version.ts';

/** What the site knows that mappings are checked against. */
export interface LoadEnvironment {
  /** Names of the configured sources; with them, a mapping for a source that does not exist is told. */
  readonly sources?: Iterable<string>;
}

export interface LoadedMappings {
  readonly inbound: readonly InboundMapping[];
  readonly outbound: readonly OutboundMapping[];
  /** Everything wrong, at once, in the order of files and lines. A mapping with an error is not among the loaded ones. */
  readonly findings: readonly Finding[];
}

const MAPPING_FILE = /\.map\.yaml$/;

const textIn = (file: MappingFile, key: string): string | undefined => {
  const node = file.root.get(key);
  return node?.kind === 'text' ? node.text : undefined;
};
const versionsOf = (file: MappingFile, report: (finding: Finding) => void): string[] => {
  const versions = (textIn(file, 'hl7') ?? '')
    .split(',')
    .map((version) => version.trim())
    .filter(Boolean);
  const wrong = versions.find((version) => !/^2(\.\d){1,2}$/.test(version));
  if (wrong !== undefined)
    report({
      code: 'hl7-version',
      severity: 'error',
      place: file.root.get('hl7')?.place ?? file.root.place,
      message: `"${wrong}" is no HL7 v2 version`,
      hint: 'as in hl7: 2.4, 2.5.1',
    });
  const output = file.root.get('output');
  const version = output?.kind === 'map' ? output.get('version') : undefined;
  return versions.length === 0 && version?.kind === 'text' ? [version.text] : versions;
};
const clearsOf = (file: MappingFile, report: (finding: Finding) => void): boolean => {
  const word = textIn(file, 'clears');
  if (word !== undefined && word !== 'yes' && word !== 'no')
    report({
      code: 'word',
      severity: 'error',
      place: file.root.get('clears')?.place ?? file.root.place,
      message: 'clears is yes or no',
      ...didYouMean(word, ['yes', 'no']),
    });
  return word === 'yes';
};

/** What a file declares and nobody uses: a line that was meant to act and does not. */
const unused = (file: MappingFile, resolved: Resolved, used: Compilation, report: (finding: Finding) => void): void => {
  const warn = (place: Finding['place'], what: string, name: string): void =>
    report({ code: 'unused', severity: 'warning', place, message: `${what} ${name} is not used` });
  for (const table of file.tables) if (!used.usedTables.has(table.name)) warn(table.place, 'table', table.name);
  for (const block of file.blocks) if (!used.usedBlocks.has(block.name)) warn(block.place, 'block', block.name);
  for (const { place, name, tables, blocks } of resolved.given)
    if (![...tables].some((table) => used.usedTables.has(table)) && ![...blocks].some((block) => used.usedBlocks.has(block)))
      warn(place, 'include', name);
};

/**
 * Loads mapping files and code tables. `files` holds the text of every `.map.yaml` and `.csv` by path, `/` between folders; nothing is
 * read from disk here. All that is wrong is found at once; what is returned is compiled and ready to run.
 */
export const loadMappings = (files: ReadonlyMap<string, string>, environment: LoadEnvironment = {}): LoadedMappings => {
  const found = new Map<string, Finding>();
  // One line may be compiled for several message structures, or through several mappings that include it: said once.
  const report = (finding: Finding): void => {
    found.set(`${finding.place.file}:${finding.place.line}:${finding.place.column} ${finding.code} ${finding.message}`, finding);
  };
  const read = new Map<string, MappingFile>();
  for (const [path, text] of files) {
    if (!MAPPING_FILE.test(path)) continue;
    const file = readMappingFile(path, text, report);
    if (file !== undefined) read.set(path, file);
  }
  const resolver = new Resolver(read, files, report);
  const inbound: InboundMapping[] = [];
  const outbound: OutboundMapping[] = [];
  const dependsOn = new Map<string, ReadonlySet<string>>();
  const included = new Set([...read.values()].flatMap((file) => file.includes.map((include) => include.value)));
  for (const file of read.values()) {
    // A pack is looked at with whoever includes it; one that nobody includes, by itself.
    if (file.role === 'pack' && included.has(file.file)) continue;
    const resolved = resolver.resolve(file);
    if (file.role === 'pack') continue;
    dependsOn.set(file.file, resolved.files);
    const facts = {
      file: file.file,
      direction: file.role,
      output: file.role === 'outbound' ? outputKind(file.root) : null,
      versions: versionsOf(file, report),
      clears: clearsOf(file, report),
    };
    const compilation = new Compilation(facts, resolved.shared, report);
    const version = mappingVersion(file.file, resolved.files, files);
    if (file.role === 'inbound') {
      const mapping = loadInbound(file.root, file.name, version, compilation);
      if (mapping !== undefined) inbound.push(mapping);
    } else {
      const mapping = loadOutbound(file.root, file.name, version, compilation);
      if (mapping !== undefined) outbound.push(mapping);
    }
    unused(file, resolved, compilation, report);
  }
  for (const finding of checkAcross(inbound, [...inbound, ...outbound])) report(finding);
  if (environment.sources !== undefined) checkSources(inbound, read, new Set(environment.sources), report);
  const findings = [...found.values()].sort((a, b) =>
    a.place.file < b.place.file ? -1 : a.place.file > b.place.file ? 1 : a.place.line - b.place.line || a.place.column - b.place.column,
  );
  const broken = new Set(findings.filter((finding) => finding.severity === 'error').map((finding) => finding.place.file));
  const sound = ({ file }: { readonly file: string }): boolean =>
    !broken.has(file) && ![...(dependsOn.get(file) ?? [])].some((other) => broken.has(other));
  return { inbound: inbound.filter(sound), outbound: outbound.filter(sound), findings };
};

const checkSources = (
  inbound: readonly InboundMapping[],
  read: ReadonlyMap<string, MappingFile>,
  known: ReadonlySet<string>,
  report: (finding: Finding) => void,
): void => {
  for (const mapping of inbound)
    for (const source of mapping.sources)
      if (!known.has(source)) {
        const match = read.get(mapping.file)?.root.get('match');
        const place = (match?.kind === 'map' ? match.get('source')?.place : undefined) ?? { file: mapping.file, line: 1, column: 1 };
        report({
          code: 'unknown-source',
          severity: 'warning',
          place,
          message: `no source ${source} is configured`,
          ...didYouMean(source, known),
        });
      }
};
