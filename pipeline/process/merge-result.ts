import type { MergeReason } from '../../patients/merge.ts';
import type { Issue } from '../../records/issue.ts';
import type { HeldPart } from '../../records/process.ts';
import type { PersonState } from './person-state.ts';

/** What became of a merge, or of taking one back. */
export interface MergeResult {
  readonly person: PersonState;
  readonly hold: HeldPart | null;
  readonly reasons: readonly MergeReason[];
  /** Asks for a look while what was done stands. */
  readonly notice?: HeldPart;
  /** Records of the two that met under one key: the one stated last is read, the other kept (mapping language §7). */
  readonly issues?: readonly Issue[];
}
