import type { ReceiptStage } from './far-side.ts';
import type { FaultCode } from './faults.ts';
import type {
  DeliveryId,
  DestinationId,
  DestinationName,
  HoldId,
  ItemId,
  LaneId,
  MessageId,
  PersonId,
  Token,
  TransportKey,
} from './ids.ts';
import type { OutboundDelivery } from './ports.ts';
import type { FailureClass, Priority } from './states.ts';

/** The seam between the queues (who would like to send) and the store (which decides who may). */

/** A lane and the delivery that was its head when this was written; a hint, never a right. */
export interface HeadRef {
  readonly lane: LaneId;
  readonly delivery: DeliveryId;
}
export interface Head extends HeadRef {
  readonly priority: Priority;
}
/** The right to send one head, until the claim's time is over. Every result counts only under this token. */
export interface ClaimRef extends HeadRef {
  readonly token: Token;
}
export interface ClaimedHead extends ClaimRef {
  readonly priority: Priority;
  /** Attempts made before this one. */
  readonly attempts: number;
}

/** `decidedVersion` of what was released because its address was wrong: it is written anew before it is sent. */
export const ADDRESS_AGAIN = -1;

/** A claimed head with all that sending and checking again need. */
export interface ClaimedDelivery extends ClaimedHead {
  readonly destination: DestinationId;
  /** The surviving person. */
  readonly person: PersonId;
  readonly message: MessageId;
  readonly part: number;
  readonly item: ItemId | null;
  readonly record: number | null;
  readonly role: string;
  readonly route: string;
  readonly transportKey: TransportKey;
  readonly contentType: string;
  readonly size: number;
  readonly decidedVersion: number;
  /** The person's place, registration or identity may have changed since the route was decided. Read after the claim committed. */
  readonly stale: boolean;
  /** No attempt can have arrived: none sent a byte, or the far side turned every one away. Only then may it go elsewhere. */
  readonly movable: boolean;
  /** Sealed as it lies in the store, or as this very process has just filed it. */
  readonly payload: { readonly keyId: number; readonly form: number; readonly body: Buffer } | { readonly bytes: Buffer };
}

/** What became of one claimed head. */
export type HeadResult = ClaimRef &
  (
    | { readonly kind: 'delivered'; readonly confirmed: boolean; readonly receiptCode: string; readonly farId?: string }
    | {
        readonly kind: 'failed';
        readonly outcome: FailureClass;
        readonly code: FaultCode;
        readonly sentBytes: boolean;
        readonly receiptCode?: string;
        /** The far side's own words; the store seals them. */
        readonly reply?: Buffer;
      }
    /** Asked: it never arrived and is due again. */
    | { readonly kind: 'unsent' }
    /** Asked: nobody knows. */
    | { readonly kind: 'unknown' }
    /** Claimed, but never given to the adapter. */
    | { readonly kind: 'returned' }
  );

export interface RetryPolicy {
  readonly firstMs: number;
  readonly mostMs: number;
  readonly factor: number;
}

/** What the store must know of a destination to file its results. */
export interface LaneOutlet {
  readonly destination: DestinationId;
  readonly claimTtlMs: number;
  readonly retry: RetryPolicy;
  /** How often the far side is asked about an unknown outcome before a person is. */
  readonly asks: number;
  /** The far side has an id of its own for what it takes, and more is learned of it later (MESH). */
  readonly far?: { readonly confirmedBy: ReceiptStage };
}

export interface Turn {
  readonly results: readonly HeadResult[];
  /** These results were handed in before and the answer was lost. */
  readonly again: boolean;
  readonly claims: readonly HeadRef[];
  /** Of the heads that move up by these results, claim this many at once. */
  readonly next: number;
  /** This is the breaker's one trial. */
  readonly probe: boolean;
}

export interface DestinationHealth {
  readonly paused: boolean;
  /** Milliseconds until the breaker may be tried; null = closed. */
  readonly breakerMs: number | null;
  readonly failures: number;
}

/** `opened`, `closed`: it was not so until now. Of all daemons one is told. */
export interface TransportNote extends DestinationHealth {
  readonly opened: boolean;
  readonly closed: boolean;
}

export interface TurnOutcome {
  readonly claimed: readonly ClaimedHead[];
  /** Heads that moved up, or were freed, and were not claimed. */
  readonly due: readonly Head[];
  readonly backoff: readonly (ClaimRef & { readonly priority: Priority; readonly delayMs: number })[];
  readonly held: readonly (ClaimRef & { readonly priority: Priority; readonly hold: HoldId | null })[];
  /** To be asked about. */
  readonly ambiguous: readonly (ClaimRef & { readonly priority: Priority; readonly delayMs: number })[];
  readonly confirming: readonly ClaimRef[];
  /** Results that came too late to count; recorded as attempts only. */
  readonly late: readonly ClaimRef[];
  readonly health: DestinationHealth;
}

/** A head that should be looked at: due, in back-off, or with an unknown outcome. */
export interface DueHead extends Head {
  readonly destination: DestinationId;
  readonly kind: 'due' | 'backoff' | 'ask';
  readonly token: Token;
  readonly delayMs: number;
}

export interface DestinationStatus extends DestinationHealth {
  readonly id: DestinationId;
  readonly name: DestinationName;
}

/** What the queues ask of the store. Rejects with `store-unavailable` where the outcome is unknown. */
export interface LaneStore {
  turn(outlet: LaneOutlet, turn: Turn): Promise<TurnOutcome>;
  load(claims: readonly ClaimedHead[]): Promise<readonly ClaimedDelivery[]>;
  open(claimed: ClaimedDelivery, outlet?: Pick<LaneOutlet, 'far'>): Promise<OutboundDelivery>;
  /** The claim's time begins anew, for an attempt that goes on; false where the claim is not ours any more. */
  renew(claim: ClaimRef, ttlMs: number): Promise<boolean>;
  /** After an answer was lost: gives back every claim this daemon has on the destination but the known ones; they are due again. */
  disown(destination: DestinationId, known: readonly DeliveryId[]): Promise<readonly Head[]>;
  /** Claims heads of unknown outcome for asking. */
  ask(heads: readonly HeadRef[], ttlMs: number): Promise<readonly ClaimedHead[]>;
  health(destination: DestinationId): Promise<DestinationHealth>;
  statuses(): Promise<readonly DestinationStatus[]>;
  /** Number of the last act by which a person may have freed a head, here or from the command line; it only rises. */
  lastAct(): Promise<number>;
  /** The transport failed `failures` times in a row (0 = it works). Opens or closes the breaker. */
  noteTransport(destination: DestinationId, failures: number, breaker: BreakerPolicy): Promise<TransportNote>;
  /** True for the one daemon that may try a destination whose breaker's time is over. */
  takeProbe(destination: DestinationId, ttlMs: number): Promise<boolean>;
  due(filter: DueFilter): Promise<readonly DueHead[]>;
  /** Claims that ran out, and those of dead daemons on this host where the receiver recognises duplicates. */
  expireClaims(): Promise<readonly DueHead[]>;
  /** Daemons that have fallen silent within the last minute without saying goodbye. */
  silentDaemons(): Promise<readonly number[]>;
  /** Repairs lanes that do not follow from their deliveries; resolves with what was found. */
  checkLanes(): Promise<{ readonly faults: readonly { readonly lane: LaneId; readonly fault: string }[]; readonly due: readonly Head[] }>;
  /** Empty closed lanes, lanes long empty, partitions ahead. */
  tidy(): Promise<void>;
  /** True where this daemon holds the lease of that name for the next `ms`. */
  takeLease(name: 'reconcile' | 'maintain', ms: number): Promise<boolean>;
}

export interface BreakerPolicy {
  /** Transport failures in a row that open it. */
  readonly failures: number;
  readonly firstMs: number;
  readonly mostMs: number;
}

export interface DueFilter {
  readonly destination: DestinationId;
  /** Only what has been due this long. */
  readonly olderMs: number;
  /** Also back-offs that end later. */
  readonly future: boolean;
  /** The first so many; all where absent. */
  readonly limit?: number;
  /** Within a priority the oldest delivery first; otherwise whose turn it is, so that one that fails goes behind the others. */
  readonly byAge?: boolean;
}
