import type { YamlNode } from '../language/yaml.ts';
import type { Finding, Place } from '../records/issue.ts';

/**
 * One declaration per setting. Out of it come parsing with findings, the default, the row in docs/configuration.md, the JSON Schema
 * for editors and the rule for a reload. There is no other list of settings.
 */
export interface Setting<T, Optional extends boolean = boolean> {
  /** One sentence for the operator. */
  readonly doc: string;
  /** Kind of value in words: `duration`, `host:port`, `one of hold, accept`. */
  readonly type: string;
  /** True: may be absent and then stays absent. */
  readonly optional: Optional;
  /** As it would be written in the file. Absent and not optional = must be set. */
  readonly fallback?: string;
  readonly secret: boolean;
  /** True: a change needs a restart; a reload that finds one is refused. */
  readonly restart: boolean;
  readonly shape: Shape;
  readonly schema: JsonSchema;
  /** The value of a node that is there, EMPTY when it says nothing. Everything wrong is reported; one wrong part never hides another. */
  read(node: YamlNode, path: string, reading: Reading): T | Wrong | Empty;
  /** The value where nothing is written: the default, or a finding at its owner. */
  absent(owner: Place, path: string, reading: Reading): T | Wrong | undefined;
}

/** A setting of any value, for those who only walk the declarations. */
export type AnySetting = Omit<Setting<unknown>, 'read' | 'absent'>;

export type Shape =
  | { readonly kind: 'scalar' }
  | { readonly kind: 'list'; readonly of: AnySetting }
  | { readonly kind: 'map'; readonly of: AnySetting; readonly key: string }
  | { readonly kind: 'group'; readonly fields: Readonly<Record<string, AnySetting>> }
  | { readonly kind: 'variants'; readonly by: string; readonly of: Readonly<Record<string, AnySetting>> };

export type JsonSchema = Readonly<Record<string, unknown>>;

/** Stands for a value that could not be read; its finding has been reported. */
export const WRONG: unique symbol = Symbol('wrong');
export type Wrong = typeof WRONG;

/** Stands for a value that is written and empty: as good as absent. */
export const EMPTY: unique symbol = Symbol('empty');
export type Empty = typeof EMPTY;

/** One reading of one file: what it may look at and where it puts what it finds. */
export interface Reading {
  /** Folder of the file; relative paths start there. */
  readonly folder: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Content of a file named by `${file:…}`; throws when it cannot be read. */
  readonly readFile: (path: string) => string;
  /** Where each value that is written stands, by dotted path, for checks across settings. */
  readonly places: Map<string, Place>;
  report(code: string, severity: Finding['severity'], place: Place, message: string, hint?: string): void;
}

export const join = (path: string, name: string): string => (path === '' ? name : `${path}.${name}`);

/** The same setting, allowed to be absent. */
export const optional = <T>(setting: Setting<T, false>): Setting<T, true> => ({ ...setting, optional: true, absent: () => undefined });

/** The same setting, fixed for the life of the daemon. */
export const fixed = <T, O extends boolean>(setting: Setting<T, O>): Setting<T, O> => ({ ...setting, restart: true });
