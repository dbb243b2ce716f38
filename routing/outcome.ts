import type { FaultCode } from '../records/faults.ts';
import type { DestinationName } from '../records/ids.ts';
import type { OrganisationEntry } from '../records/organisations.ts';
import type { RouteFacts } from '../records/record.ts';
import type { Priority } from '../records/states.ts';

/** One step of a decision: a code and what it was about. Names, codes and ids; never a value of the patient's. */
export interface Step {
  readonly code: string;
  readonly about?: string;
}

/** Where one target of a route leads. */
export type TargetOutcome =
  | {
      readonly outcome: 'send';
      readonly entry: OrganisationEntry | null;
      readonly destination: DestinationName;
      readonly steps: readonly Step[];
    }
  | { readonly outcome: 'hold'; readonly reason: FaultCode; readonly steps: readonly Step[] }
  /** Nothing is to be sent, for a reason of the house: the record stays. */
  | { readonly outcome: 'file'; readonly reason: string; readonly steps: readonly Step[] };

export interface RouteDelivery {
  readonly route: string;
  /** The target as the route writes it: a role, or a destination. */
  readonly to: string;
  readonly entry: OrganisationEntry | null;
  readonly destination: DestinationName;
  readonly priority: Priority;
  /** Named by role: checked again at dispatch (rulings A10, A12). A fixed destination is not. */
  readonly recheck: boolean;
  /** For the outbound mapping, as `route.*`. */
  readonly facts: RouteFacts;
}
export interface RouteHold {
  readonly reason: FaultCode;
  /** Null where no route applies. */
  readonly route: string | null;
  readonly to: string | null;
}

/** What was known when it was decided, and why it came out so. Stored with every decision. */
export interface DecisionEvidence {
  readonly record: string;
  readonly kind: string;
  readonly action: string;
  readonly at: string;
  readonly directory: string;
  readonly location: string;
  readonly because: string | null;
  readonly custodian: string | null;
  readonly restsOn: string | null;
  readonly registered: { readonly practice: string; readonly standing: string; readonly record: string } | null;
  /** Rules that were asked, in order, up to the one that decided. */
  readonly asked: readonly string[];
  readonly decidedBy: string | null;
  readonly steps: readonly Step[];
}

/** Exactly one of these is not empty, or several deliveries and holds of one route's targets. */
export interface RouteDecision {
  readonly deliveries: readonly RouteDelivery[];
  readonly filed: { readonly rule: string; readonly reason: string } | null;
  readonly holds: readonly RouteHold[];
  readonly evidence: DecisionEvidence;
}
