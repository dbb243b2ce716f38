import type { GroupNode } from '../../../formats/hl7v2/groups.ts';
import type { Spot } from '../../../language/condition.ts';
import type { Hl7Path } from '../expression/hl7-path.ts';
import type { LineSite, Term, Want } from '../expression/scope.ts';
import type { InboundRun } from './inbound-run.ts';
import type { GroupPlace, Segments } from './segments.ts';

/** A segment or repetition that an enclosing `each:` looks at. */
export interface Bound {
  readonly kind: 'segment' | 'cell';
  readonly segment: string;
  readonly field?: number;
  readonly depth: number;
}

/** What a loop needs to know of the place it stands at, and how it makes the place inside itself (of the same type, `S`). */
export interface LoopPlace<S> {
  readonly place: GroupPlace;
  readonly depth: number;
  insideGroup(node: GroupNode, bunch: boolean): S;
  insideBound(bound: Omit<Bound, 'depth'>): S;
  parse(spot: Spot, site: LineSite): Hl7Path | undefined;
  segments(path: Hl7Path, name: string, site: LineSite): Segments | undefined;
  term(spot: Spot, want: Want, site: LineSite): Term<InboundRun> | undefined;
}
