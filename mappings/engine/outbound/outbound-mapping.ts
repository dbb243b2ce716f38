import type { Condition } from '../../../language/condition.ts';
import type { MappingVersion } from '../../../records/ids.ts';
import type { Issue, Place } from '../../../records/issue.ts';
import type { KindName } from '../../../records/kinds/index.ts';
import type { Action, PartHold } from '../../../records/mapped.ts';
import type { CanonicalRecord, Payload } from '../../../records/record.ts';
import type { RenderContext } from './outbound-run.ts';
import type { Reads } from './reads.ts';

export type Rendering =
  | { readonly ok: true; readonly payload: Payload; readonly issues: readonly Issue[] }
  | { readonly ok: false; readonly hold: PartHold; readonly issues: readonly Issue[] };

export interface OutboundMapping {
  readonly name: string;
  readonly file: string;
  readonly place: Place;
  readonly version: MappingVersion;
  /** The kind that is routed. */
  readonly kind: KindName;
  /** What it sends, for people: `hl7 MDM^T02^MDM_T02`, `text`. */
  readonly sends: string;
  /** Everything it may see of the person besides the routed record, its children and the patient. */
  readonly reads: readonly Reads[];
  /** `when:` as written, for checks across mappings; undefined = always. */
  readonly condition: Condition | undefined;
  /** Is this the mapping for the record, given what was done to it? */
  matches(record: CanonicalRecord, action: Action): boolean;
  /** Pure: the same context always gives the same bytes. */
  render(context: RenderContext): Rendering;
}
