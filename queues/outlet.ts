import type { FaultCode } from '../records/faults.ts';
import type { DestinationName } from '../records/ids.ts';
import type { BreakerPolicy, ClaimedDelivery, LaneOutlet } from '../records/lanes.ts';
import type { DestinationAdapter } from '../records/ports.ts';
import type { FiledHead } from '../records/process.ts';

/** A destination with its adapter: one queue, one worker, one sender. */
export interface Outlet extends LaneOutlet {
  readonly name: DestinationName;
  readonly adapter: DestinationAdapter;
  /** A send is cut off after this; always well below the claim's time. */
  readonly sendTimeoutMs: number;
  readonly breaker: BreakerPolicy;
}

/**
 * What checking a stale route again came to. `replaced`: withdrawn and filed elsewhere, the old lane advanced, all committed; `heads` may
 * be hinted. `held`: not to be sent, and not movable. `lost`: the claim is no longer ours.
 */
export type Verdict =
  | { readonly verdict: 'go' }
  | { readonly verdict: 'replaced'; readonly heads: readonly FiledHead[] }
  | { readonly verdict: 'held'; readonly code: FaultCode }
  | { readonly verdict: 'lost' };
export type Recheck = (claimed: ClaimedDelivery) => Promise<Verdict>;

export const RETRY = { firstMs: 1_000, mostMs: 300_000, factor: 2 } as const;
export const BREAKER: BreakerPolicy = { failures: 5, firstMs: 5_000, mostMs: 60_000 };
