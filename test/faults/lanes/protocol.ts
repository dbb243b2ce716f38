import type { BackendConfig } from '../../../queues/backend.ts';
import type { DestinationId, DestinationName, PersonId } from '../../../records/ids.ts';
import type { Resolution, SendResult } from '../../../records/ports.ts';
import type { ConnectionTarget } from '../../../store/pool.ts';

/** What the parent (receiver, referee) and its children (daemons) say to each other. */

export interface Far {
  readonly id: DestinationId;
  readonly name: DestinationName;
  readonly dedupable: boolean;
}

export interface ChildConfig {
  readonly target: ConnectionTarget;
  /** Base64 of the 32-byte keys, so that all processes open the same vault. */
  readonly keys: string;
  readonly backend: BackendConfig;
  readonly far: readonly Far[];
  readonly persons: readonly PersonId[];
  readonly seed: number;
  /** Hints lost or doubled, re-routes, pauses, people at work: the faults a child makes itself. */
  readonly faults: boolean;
  readonly claimTtlMs: number;
  readonly reconcileMs: number;
}

export interface Sending {
  readonly destination: DestinationId;
  readonly lane: number;
  readonly delivery: number;
  readonly token: number;
  readonly key: string;
}

/** A reply as it travels: no buffers. */
export type WireResult = SendResult;

export type FromChild =
  | { readonly kind: 'ready' }
  | { readonly kind: 'send'; readonly n: number; readonly sending: Sending }
  | { readonly kind: 'ask'; readonly n: number; readonly sending: Sending }
  | { readonly kind: 'did'; readonly what: string; readonly count: number }
  | { readonly kind: 'trouble'; readonly text: string }
  | { readonly kind: 'stopped' };

export type ToChild =
  | { readonly kind: 'sent'; readonly n: number; readonly result: WireResult }
  | { readonly kind: 'asked'; readonly n: number; readonly resolution: Resolution }
  /** No more filing and no more trouble; resume, release, confirm until all is done. */
  | { readonly kind: 'settle' }
  | { readonly kind: 'stop' };
