import type { Json } from '../../../records/mapped.ts';
import type { LineMeta, Run } from '../run.ts';
import type { Settled } from './settle.ts';

/** A line, compiled. `read` gives what the target gets, all policies applied except `default`, which whoever asks applies. */
export interface Compiled<R extends Run> {
  readonly meta: LineMeta;
  /** Nothing in it is read from the source. */
  readonly constant: boolean;
  readonly fallback: Json | undefined;
  readonly required: boolean;
  read(run: R): Settled;
  locate(run: R): readonly string[];
}
