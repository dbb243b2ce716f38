import type { FaultCode } from './faults.ts';
import type { DeliveryId, DestinationId, DestinationName, Instant, MessageId, SourceName, Token } from './ids.ts';

/** What store-and-forward transports (MESH by API and by folder) need of the store: rights, memory, and what is learned after a hand-over. */

/** A right one daemon has at a time, by name (`mailbox:<id>`). */
export interface Lease {
  readonly name: string;
  /** Travels with every download; the journal refuses what comes under a token that is no longer the newest. */
  readonly token: Token;
  /** Aborted as soon as the right is lost, or could not be renewed in time. */
  readonly lost: AbortSignal;
  release(): Promise<void>;
}

export interface Leases {
  /** The lease, renewed in the background until released or lost; null while another daemon has it. */
  take(name: string): Promise<Lease | null>;
}

/** Under which right something was fetched. Checked in the transaction that journals it: rejects with `lease-lost`. */
export interface Fence {
  readonly lease: string;
  readonly token: Token;
}

/** When a mailbox was last greeted and looked into, by any daemon, restarts included. Times by the database's clock. */
export interface MailboxDiary {
  /** Milliseconds since; null = never. */
  read(mailbox: string): Promise<{ readonly sinceHandshakeMs: number | null; readonly sincePollMs: number | null }>;
  note(mailbox: string, what: 'handshake' | 'poll'): Promise<void>;
}

/**
 * What is learned of a delivery after the far side took it, each kept apart.
 * accepted: the service has it (MESH 202) · downloaded: the recipient has fetched it (tracking) · reported: the service says how it
 * ended (REPORT message) · business: the recipient's own answer (workflow `<id>_ACK`).
 */
export const RECEIPT_STAGES = ['accepted', 'downloaded', 'reported', 'business'] as const;
export type ReceiptStage = (typeof RECEIPT_STAGES)[number];

/** One such receipt, from wherever it came. Noting the same one again changes nothing. */
export interface FarReceipt {
  readonly stage: ReceiptStage;
  /** False: the far side says it went wrong; `fault` says what that means here. */
  readonly good: boolean;
  readonly fault?: FaultCode;
  /** The far side's own code, clear: `14`, `EPL-153`, `acknowledged`. Never text. */
  readonly receiptCode: string;
  /** The far side's own words; sealed before they are stored. */
  readonly words?: Buffer;
  /** When it happened there, where the far side says so. */
  readonly at?: Instant;
  /** What tells this receipt from another of the same stage: the REPORT's own MESH id. '' where there can be one only. */
  readonly reference: string;
  /** The message that brought it. */
  readonly messageId?: MessageId;
}

/** How a receipt names its delivery. The far side's id comes first; the transport key (MESH local id) only where that one is unique. */
export interface FarName {
  /** Mailbox that sent it. */
  readonly mailbox: string;
  readonly farId?: string;
  readonly transportKey?: string;
}

/** `noted`: new · `known`: noted before · `unmatched`: no delivery of this mailbox is called so. */
export type NoteOutcome = 'noted' | 'known' | 'unmatched';

/** A delivery the far side has, and of which more is to come. */
export interface AwaitedDelivery {
  readonly id: DeliveryId;
  readonly farId: string;
  readonly waitsFor: ReceiptStage;
  /** Since the far side accepted it. */
  readonly acceptedMs: number;
}

/** A destination of which more is learned after it took a delivery. Durations in ms. */
export interface FarDestination {
  readonly id: DestinationId;
  readonly name: DestinationName;
  /** Every name its mailbox is called by: in the configuration, and its id. */
  readonly mailboxes: readonly string[];
  readonly confirmedBy: ReceiptStage;
  /** Least pause between two looks at whether it was collected; null where the far side cannot be asked. */
  readonly tracking: number | null;
  readonly late: { readonly downloaded: number; readonly business: number };
}

/** What was waited for and did not come in time, at one destination. */
export interface Overdue {
  readonly destination: DestinationName;
  readonly reason: 'not-collected' | 'not-acknowledged';
  /** Held now for that reason. */
  readonly deliveries: readonly DeliveryId[];
}

export interface FarReceipts {
  /** The delivery of this mailbox that is called so; by our key the newest that is still wanted. Null where there is none. */
  find(name: FarName): Promise<DeliveryId | null>;
  /** Adds a receipt to its delivery: confirms it where its destination is confirmed by this stage, holds it where it went wrong. */
  note(name: FarName, receipt: FarReceipt): Promise<NoteOutcome>;
  /** Deliveries of these destinations' mailbox whose tracking is due, oldest first; asking for them sets the next look. */
  awaited(mailbox: string, limit: number): Promise<readonly AwaitedDelivery[]>;
}

/** A message that reports on a delivery of ours (MESH REPORT, or a business acknowledgement). */
export interface IncomingReport {
  readonly source: SourceName;
  readonly connection: string;
  /** Its own id at the transport: its identity within the source. */
  readonly transportId: string;
  /** Its headers as JSON, or its control file: kept as the message. */
  readonly bytes: Buffer;
  /** `REPORT`, or the workflow id of a business acknowledgement. */
  readonly type: string;
  readonly name: FarName;
  readonly receipt: Omit<FarReceipt, 'messageId'>;
  readonly meta?: Readonly<Record<string, string>>;
  readonly fence?: Fence;
  /** Nothing else is to be waited for: where no delivery is called so, it is journalled as held (`report-unmatched`). */
  readonly final: boolean;
}

/** What became of a message taken from a folder in place of a MESH client, for its SENT or FAILED record. */
export type Fate =
  | { readonly fate: 'open' }
  | { readonly fate: 'sent'; readonly farId: string | null; readonly at: Instant }
  | { readonly fate: 'failed'; readonly code: FaultCode; readonly receiptCode: string | null; readonly at: Instant };

export interface Fates {
  of(messages: readonly MessageId[]): Promise<ReadonlyMap<MessageId, Fate>>;
}
