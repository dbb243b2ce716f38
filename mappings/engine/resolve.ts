import { suggest } from '../../language/did-you-mean.ts';
import type { MapNode } from '../../language/yaml.ts';
import type { Finding, Place } from '../../records/issue.ts';
import type { Shared } from './compilation.ts';
import type { MappingFile } from './mapping-file.ts';
import { readTable, type Table } from './table.ts';

/** A mapping with all that it draws on. */
export interface Resolved {
  readonly shared: Shared;
  /** Every file it draws on besides itself. */
  readonly files: ReadonlySet<string>;
  /** What each directly included file gives, to tell which includes serve nothing. */
  readonly given: readonly {
    readonly place: Place;
    readonly name: string;
    readonly tables: ReadonlySet<string>;
    readonly blocks: ReadonlySet<string>;
  }[];
}

type Report = (finding: Finding) => void;

/** Follows includes and reads tables. Includes are read once each; a circle is an error. Tables are read once for all mappings. */
export class Resolver {
  private readonly files: ReadonlyMap<string, MappingFile>;
  private readonly texts: ReadonlyMap<string, string>;
  private readonly report: Report;
  private readonly tables = new Map<string, Table>();

  constructor(files: ReadonlyMap<string, MappingFile>, texts: ReadonlyMap<string, string>, report: Report) {
    this.files = files;
    this.texts = texts;
    this.report = report;
  }

  resolve(file: MappingFile): Resolved {
    const tables = new Map<string, Table>();
    const blocks = new Map<string, MapNode>();
    const files = new Set<string>();
    const given = file.includes.map((include) => {
      const from = { tables: new Set<string>(), blocks: new Set<string>() };
      this.collect(include.value, include.place, [file.file], { tables, blocks, files }, from);
      return { place: include.place, name: include.name, ...from };
    });
    this.own(file, { tables, blocks, files }, undefined);
    return { shared: { tables, blocks }, files, given };
  }

  private collect(path: string, place: Place, chain: readonly string[], into: Into, from: Given): void {
    if (chain.includes(path)) {
      this.error(place, 'cyclic-include', `the includes run in a circle: ${[...chain, path].join(' → ')}`);
      return;
    }
    const included = this.files.get(path);
    if (included === undefined) {
      const meant = suggest(path, this.files.keys());
      this.error(
        place,
        'unknown-include',
        `there is no mapping file ${path}`,
        meant === undefined ? undefined : `did you mean "${meant}"?`,
      );
      return;
    }
    if (included.role !== 'pack') {
      this.error(
        place,
        'include-acts',
        `${path} is a mapping of its own`,
        'put the shared tables and blocks into a file without match: or for:',
      );
      return;
    }
    into.files.add(path);
    for (const include of included.includes) this.collect(include.value, include.place, [...chain, path], into, from);
    this.own(included, into, from);
  }

  private own(file: MappingFile, into: Into, from: Given | undefined): void {
    for (const table of file.tables) {
      const read = this.table(table.name, table.value, table.place);
      if (read === undefined) continue;
      if (from === undefined && into.tables.has(table.name))
        this.info(table.place, 'table-replaced', `this table replaces the included one of the same name`);
      into.tables.set(table.name, read);
      into.files.add(table.value);
      from?.tables.add(table.name);
    }
    for (const block of file.blocks) {
      if (from === undefined && into.blocks.has(block.name))
        this.info(block.place, 'block-replaced', 'this block replaces the included one of the same name');
      into.blocks.set(block.name, block.value);
      from?.blocks.add(block.name);
    }
  }

  private table(name: string, path: string, place: Place): Table | undefined {
    const known = this.tables.get(path);
    if (known !== undefined) return known;
    const text = this.texts.get(path);
    if (text === undefined) {
      this.error(place, 'unknown-file', `there is no table file ${path}`);
      return undefined;
    }
    const { table, findings } = readTable(name, path, text);
    for (const finding of findings) this.report(finding);
    this.tables.set(path, table);
    return table;
  }

  private error(place: Place, code: string, message: string, hint?: string): void {
    this.report({ code, severity: 'error', place, message, ...(hint === undefined ? {} : { hint }) });
  }
  private info(place: Place, code: string, message: string): void {
    this.report({ code, severity: 'info', place, message });
  }
}

interface Into {
  readonly tables: Map<string, Table>;
  readonly blocks: Map<string, MapNode>;
  readonly files: Set<string>;
}
interface Given {
  readonly tables: Set<string>;
  readonly blocks: Set<string>;
}
