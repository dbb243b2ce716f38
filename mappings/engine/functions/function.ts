import type { Json } from '../../../records/mapped.ts';
import type { LineSite, Term, Want } from '../expression/scope.ts';
import type { Run } from '../run.ts';
import type { Table } from '../table.ts';
import type { TypeName } from '../types.ts';
import type { Item, Value } from '../value.ts';

/** What stands in a function's brackets. Which arguments are paths is declared here, never guessed from their look. */
export type ArgKind = 'text' | 'word' | 'path' | 'table' | 'pairs';

/** Arguments of one call, read as the function declares them. */
export interface BuiltCall<R extends Run> {
  readonly texts: readonly string[];
  readonly paths: readonly (Term<R> | string)[];
  readonly table: Table | undefined;
  /** `table(x.reverse)` */
  readonly reverse: boolean;
  readonly pairs: ReadonlyMap<string, Json>;
  /** Right side of `* = x`. */
  readonly otherwise: Json | undefined;
  /** Type that reaches the function. */
  readonly from: TypeName;
  /** Type of the line's target. */
  readonly targetType: TypeName;
  readonly output: 'hl7' | 'text' | null;
  readonly inbound: boolean;
  readonly site: LineSite;
  /** Reports at the function's name. */
  fault(code: string, message: string, hint?: string): undefined;
}

export type Apply<R extends Run> = (item: Item, run: R) => Value;
export type ApplyList<R extends Run> = (items: readonly Item[], run: R) => Value;

export interface Built<R extends Run> {
  readonly gives: TypeName;
  /** Runs on each item; a list function runs once on all. */
  readonly apply?: Apply<R>;
  readonly applyList?: ApplyList<R>;
  /** Where it gives several for one. */
  readonly list?: boolean;
}

export interface FunctionSpec {
  readonly name: string;
  readonly args: readonly ArgKind[];
  readonly optional?: boolean;
  /** How a path right before it is read. */
  readonly wants: Want;
  build<R extends Run>(call: BuiltCall<R>): Built<R> | undefined;
}
