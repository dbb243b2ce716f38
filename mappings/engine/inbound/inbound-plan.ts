import type { GroupNode } from '../../../formats/hl7v2/groups.ts';
import type { Predicate } from '../../../language/condition-compile.ts';
import type { IfUnknown } from '../../../records/mapped.ts';
import type { Compiled } from '../expression/compiled.ts';
import type { FieldPlan } from '../expression/object.ts';
import type { Loop } from '../expression/scope.ts';
import type { LineMeta } from '../run.ts';
import type { InboundRun } from './inbound-run.ts';
import type { RecordPlan } from './record-plan.ts';

export interface CheckPlan {
  readonly meta: LineMeta;
  readonly that: Predicate<InboundRun>;
  readonly otherwise: 'hold' | 'reject' | 'note';
  readonly say: string;
}

/** An inbound mapping compiled for one message structure. */
export interface InboundPlan {
  readonly tree: GroupNode | undefined;
  readonly rule: string;
  readonly parts: Loop<InboundRun> | undefined;
  readonly asOf: Compiled<InboundRun> | undefined;
  readonly identify: readonly FieldPlan<InboundRun>[];
  readonly patient: { readonly when: Predicate<InboundRun> | undefined; readonly fields: readonly FieldPlan<InboundRun>[] } | undefined;
  readonly custody:
    | {
        readonly meta: LineMeta;
        readonly when: Predicate<InboundRun> | undefined;
        readonly fields: readonly FieldPlan<InboundRun>[];
        readonly ifUnknown: IfUnknown;
      }
    | undefined;
  readonly merge:
    | {
        readonly meta: LineMeta;
        readonly action: Compiled<InboundRun>;
        readonly retired: readonly FieldPlan<InboundRun>[];
        readonly ifUnknown: IfUnknown;
      }
    | undefined;
  readonly records: readonly RecordPlan[];
  readonly checks: readonly CheckPlan[];
}
