import type { Spot } from '../../../language/condition.ts';
import type { ConditionPath } from '../../../language/condition-compile.ts';
import type { Finding, Place, Severity } from '../../../records/issue.ts';
import type { LineMeta, Run } from '../run.ts';
import type { Table } from '../table.ts';
import type { TypeName } from '../types.ts';
import type { Value } from '../value.ts';

/** How the end of a path is read: as text, as the whole repetition or object, or as the segment. */
export type Want = 'text' | 'whole' | 'segment';

/** A path, compiled: reads what stands there, and says where (only asked when there is something to report). */
export interface Term<R extends Run> {
  readonly type: TypeName;
  /** Written in the mapping, not read. */
  readonly constant: boolean;
  read(run: R): Value;
  /** Source positions in the order of the values read; the path itself where nothing is there. */
  locate(run: R): readonly string[];
}

/** Outcome of a loop: how many there were to see, and whether the list was cleared (a lone `""`). */
export interface LoopCount {
  readonly seen: number;
  readonly cleared: boolean;
}
export interface Loop<R extends Run> {
  /** Calls `body` with each item in sight, numbered from 1. */
  run(run: R, body: (position: number) => void): LoopCount;
  /** Where the present item stands, while `body` runs. */
  locate(run: R): string;
}

/** What paths mean at one place of a mapping. Everything wrong is reported to the site; nothing is returned then. */
export interface Scope<R extends Run> {
  term(spot: Spot, want: Want, site: LineSite): Term<R> | undefined;
  count(spot: Spot, site: LineSite): Term<R> | undefined;
  made(spot: Spot, site: LineSite): Term<R> | undefined;
  condition(spot: Spot, site: LineSite): ConditionPath<R> | undefined;
  /** `each:` text → the loop and what paths mean inside it. `name` is the word of `as:`. */
  loop(spot: Spot, site: LineSite, name?: Spot): { readonly loop: Loop<R>; readonly inside: Scope<R> } | undefined;
}

/** What is known of the file while its lines are compiled. */
export interface FileSite {
  readonly file: string;
  readonly direction: 'inbound' | 'outbound';
  /** What dates and typed values become on the way out. */
  readonly output: 'hl7' | 'text' | null;
  /** HL7 versions the paths are checked against. */
  readonly versions: readonly string[];
  /** `""` may erase. */
  readonly clears: boolean;
  report(finding: Finding): void;
  /** A table by name; marks it used. */
  table(name: string): Table | undefined;
  readonly tableNames: readonly string[];
}

/** One line, condition or path in the file. */
export interface LineSite {
  readonly file: FileSite;
  readonly meta: LineMeta;
  at(offset: number): Place;
}

export const reportAt = (
  site: LineSite,
  offset: number,
  code: string,
  message: string,
  hint: { hint?: string } | string | undefined = {},
  severity: Severity = 'error',
): undefined => {
  const more = typeof hint === 'string' ? { hint } : (hint ?? {});
  site.file.report({ code, severity, place: site.at(offset), message, ...more });
  return undefined;
};
