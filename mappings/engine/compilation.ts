import type { MapNode, YamlNode } from '../../language/yaml.ts';
import type { Finding, Place, Severity } from '../../records/issue.ts';
import type { FileSite, LineSite } from './expression/scope.ts';
import type { LineMeta } from './run.ts';
import type { Table } from './table.ts';

/** What a mapping file may use from itself and from what it includes. */
export interface Shared {
  readonly tables: ReadonlyMap<string, Table>;
  readonly blocks: ReadonlyMap<string, MapNode>;
}

/** One mapping file while it is being compiled: names it may use, what it has used, what was found wrong. */
export class Compilation implements FileSite {
  readonly file: string;
  readonly direction: 'inbound' | 'outbound';
  readonly output: 'hl7' | 'text' | null;
  readonly versions: readonly string[];
  readonly clears: boolean;
  readonly usedTables = new Set<string>();
  readonly usedBlocks = new Set<string>();
  private readonly shared: Shared;
  private readonly sink: (finding: Finding) => void;
  private errors = 0;

  constructor(
    facts: {
      readonly file: string;
      readonly direction: 'inbound' | 'outbound';
      readonly output: 'hl7' | 'text' | null;
      readonly versions: readonly string[];
      readonly clears: boolean;
    },
    shared: Shared,
    sink: (finding: Finding) => void,
  ) {
    this.file = facts.file;
    this.direction = facts.direction;
    this.output = facts.output;
    this.versions = facts.versions;
    this.clears = facts.clears;
    this.shared = shared;
    this.sink = sink;
  }

  report(finding: Finding): void {
    if (finding.severity === 'error') this.errors += 1;
    this.sink(finding);
  }
  reportAt(
    place: Place,
    code: string,
    message: string,
    hint: { hint?: string } | string | undefined = {},
    severity: Severity = 'error',
  ): undefined {
    this.report({ code, severity, place, message, ...(typeof hint === 'string' ? { hint } : (hint ?? {})) });
    return undefined;
  }
  /** Something that stops the file from being used was found. */
  get isBroken(): boolean {
    return this.errors > 0;
  }

  table(name: string): Table | undefined {
    this.usedTables.add(name);
    return this.shared.tables.get(name);
  }
  get tableNames(): readonly string[] {
    return [...this.shared.tables.keys()];
  }
  block(name: string): MapNode | undefined {
    this.usedBlocks.add(name);
    return this.shared.blocks.get(name);
  }
  get blockNames(): readonly string[] {
    return [...this.shared.blocks.keys()];
  }

  meta(node: { readonly place: Place } | undefined, target: string): LineMeta {
    const place = node?.place;
    return { rule: place === undefined ? this.file : `${place.file}:${place.line}`, target };
  }
  /** The line a node stands for; a node of a block stands in the block's own file. */
  site(node: YamlNode | undefined, target: string): LineSite {
    const place = node?.place ?? { file: this.file, line: 1, column: 1 };
    return { file: this, meta: this.meta(node, target), at: node?.kind === 'text' ? (offset) => node.at(offset) : () => place };
  }
}
