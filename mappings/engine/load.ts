import type { Finding } from '../../records/issue.ts';
import type { InboundMapping } from './inbound/inbound-mapping.ts';
import type { MappingFile } from './mapping-file.ts';

/** What the site knows that mappings are checked against. */
export interface LoadEnvironment {
  /** Names of the configured sources; with them, a mapping for a source that does not exist is told. */
  readonly sources?: Iterable<string>;
}

export interface LoadedMappings {
  readonly inbound: readonly InboundMapping[];
  /** Everything wrong, at once, in the order of files and lines. A mapping with an error is not among the loaded ones. */
  readonly findings: readonly Finding[];
}

const _MAPPING_FILE = /\.map\.yaml$/;
const _versionsOf = (file: MappingFile): string[] => {
  const hl7 = file.root.get('hl7');
  return hl7?.kind === 'text'
    ? hl7.text
        .split(',')
        .map((version) => version.trim())
        .filter(Boolean)
    : [];
};
const _isYes = (file: MappingFile, key: string): boolean => {
  const node = file.root.get(key);
  return node?.kind === 'text' && (node.text === 'yes' || node.text === 'true');
};
