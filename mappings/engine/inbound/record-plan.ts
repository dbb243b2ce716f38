import type { Predicate } from '../../../language/condition-compile.ts';
import type { Place } from '../../../records/issue.ts';
import type { KindName } from '../../../records/kinds/index.ts';
import type { IfUnknown } from '../../../records/mapped.ts';
import type { Compiled } from '../expression/compiled.ts';
import type { FieldPlan } from '../expression/object.ts';
import type { Loop } from '../expression/scope.ts';
import type { LineMeta } from '../run.ts';
import type { InboundRun } from './inbound-run.ts';

export interface KeyPlan {
  readonly name: string;
  readonly parts: readonly Compiled<InboundRun>[];
}

/** One record rule, compiled. */
export interface RecordPlan {
  readonly kind: KindName;
  readonly place: Place;
  readonly meta: LineMeta;
  readonly loop: Loop<InboundRun> | undefined;
  readonly when: Predicate<InboundRun> | undefined;
  readonly noneKnown: Predicate<InboundRun> | undefined;
  readonly list: 'add' | 'snapshot';
  readonly whenNone: 'keep' | 'clear';
  readonly keys: readonly KeyPlan[];
  readonly action: Compiled<InboundRun> | undefined;
  readonly ifUnknown: IfUnknown;
  readonly asOf: Compiled<InboundRun> | undefined;
  readonly fields: readonly FieldPlan<InboundRun>[];
  readonly children: readonly RecordPlan[];
  readonly onFail: 'hold' | 'skip' | 'reject';
}
