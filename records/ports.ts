import type { Fence, IncomingReport } from './far-side.ts';
import type { FaultCode } from './faults.ts';
import type { DeliveryId, LaneId, MessageId, OdsCode, SourceName, Token, TransportKey } from './ids.ts';
import type { FailureClass } from './states.ts';

/** The seams between rooms. Adapters see `Receiver`; the dispatcher sees `DestinationAdapter`. */

// ── in

/** One message as a source took it off the wire or out of a file. */
export interface Incoming {
  readonly source: SourceName;
  readonly bytes: Buffer;
  /** What tells this sender's connection from another, for order and replies; never an address of a patient. */
  readonly connection: string;
  /** File digest + index for batch files, MESH id for mailboxes: the identity where the source says `identity: transport`. */
  readonly transportId?: string;
  /** Kept sealed beside the message: file name, times. */
  readonly meta?: Readonly<Record<string, string>>;
  /** A later application answer (enhanced mode) is written here while the connection lives. */
  readonly later?: (reply: Buffer) => boolean;
}

/**
 * What a mailbox hands over: content of any kind, read once and never held whole where it is large. HL7 v2 (and batches of it) goes the
 * way every HL7 message goes; anything else is known by its workflow.
 */
export interface IncomingStream {
  readonly source: SourceName;
  readonly connection: string;
  /** The transport's own id (MESH message id, file digest): identity of what has no control id of its own. */
  readonly transportId: string;
  /** MESH workflow id; the `type` of what is not HL7. */
  readonly workflow: string;
  /** What the source's configuration says of this workflow. `forward`: passed on as it is, to the destination named there. */
  readonly disposition: 'process' | 'forward' | 'hold';
  readonly body: AsyncIterable<Uint8Array>;
  readonly meta?: Readonly<Record<string, string>>;
  /** Transport headers that travel with a message that is forwarded; sealed with its payload. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly fence?: Fence;
}

/** What went wrong before there was a whole message: too large, cut off. `head` is what was read, up to 64 kB. */
export interface Refused {
  readonly source: SourceName;
  readonly reason: FaultCode;
  readonly head: Buffer;
  readonly size: number;
  readonly connection: string;
}

export type ReceiptOutcome = 'stored' | 'duplicate' | 'held' | 'rejected' | 'ignored';
export interface Receipt {
  readonly outcome: ReceiptOutcome;
  readonly messageId: MessageId;
  readonly reason?: FaultCode;
  /** Bytes to answer with (unframed HL7 ACK); null where the acknowledgement mode asks for none. */
  readonly reply: Buffer | null;
}

/** Resolves only after the commit. Rejects (never resolves with a negative answer) when the store did not take it. */
export interface Receiver {
  receive(incoming: Incoming): Promise<Receipt>;
  refuse(refused: Refused): Promise<Receipt>;
}

/** The same for mailboxes. Rejects with `lease-lost` where the fence of what it was given is not the newest any more. */
export interface MailboxReceiver {
  /** One receipt for each message found in it, in order: an HL7 batch has several. The body is read once, and not to its end where this rejects. */
  receiveStream(incoming: IncomingStream): Promise<readonly Receipt[]>;
  /** Journals the report and notes its receipt. Null: no delivery is called so, and `final` is not set; nothing was journalled. */
  receiveReport(report: IncomingReport): Promise<Receipt | null>;
}

export interface SourceAdapter {
  readonly name: SourceName;
  /** Shown to people: `mllp 127.0.0.1:2575`, `folder /data/in`. */
  readonly address: string;
  start(): Promise<void>;
  /** Stops taking new messages, lets the ones in hand finish, then closes. */
  stop(deadline: AbortSignal): Promise<void>;
}

// ── out

/** What a transport needs beside the bytes. Names patients and people: sealed with the payload, never in a log, metric or job. */
export interface Envelope {
  /** Organisation the route chose, for `endpointlookup`. */
  readonly recipientOds?: OdsCode;
  /** For routing by patient (GPPROVIDER_…). Birth date as YYYY-MM-DD, or less where less is known. */
  readonly patient?: { readonly nhsNumber: string; readonly birthDate: string; readonly familyName: string };
  /** Headers of a message that is passed on, by MESH header name without `mex-`, lower case: to, from, workflowid, subject, localid, filename … */
  readonly headers?: Readonly<Record<string, string>>;
}

/** A claimed head, ready to send. `stream` yields the payload bytes, attachments spliced in. */
export interface OutboundDelivery {
  readonly id: DeliveryId;
  readonly lane: LaneId;
  readonly token: Token;
  /** MSH-10 or file name stem; the same at every attempt. */
  readonly transportKey: TransportKey;
  readonly contentType: string;
  /** The whole payload when it is small enough to be held in memory (up to 1 MB), else null. */
  readonly bytes: Buffer | null;
  readonly size: number;
  stream(from?: number): AsyncIterable<Buffer>;
  /** What the transport needs beside the bytes: addressee, headers of what is passed on. Sealed in the store; never logged. */
  readonly envelope: Envelope;
  /** The far side's id from an earlier attempt (MESH message id of the first chunk), or null. */
  readonly farId: string | null;
  /**
   * Commits the far side's id under this claim before anything more is sent; rejects with `claim-expired` where the claim is another's.
   * While more is to be sent under it the adapter may add what it needs to go on; the result of the sending gives the id alone.
   */
  noteFarId(farId: string): Promise<void>;
  /** SHA-256 (hex) of the payload bytes, for files that are looked for after a crash. */
  digest(): Promise<string>;
}

export type SendResult =
  | {
      readonly outcome: 'delivered';
      readonly confirmed: boolean;
      readonly receiptCode: string;
      readonly reply?: Buffer;
      /** The far side's id for it, where it gives one and more is to be learned of it later. */
      readonly farId?: string;
    }
  | {
      readonly outcome: FailureClass;
      readonly code: FaultCode;
      /** Whether a byte of the payload may have reached the far side. */
      readonly sentBytes: boolean;
      readonly receiptCode?: string;
      /** The far side's own words; sealed before it is stored, never logged. */
      readonly reply?: Buffer;
      /** The transport itself failed (counts towards the breaker), as opposed to this payload. */
      readonly transport: boolean;
    };

export type Resolution =
  | {
      readonly known: 'delivered';
      readonly receiptCode: string;
      /** Absent: handed over, not confirmed. */
      readonly confirmed?: boolean;
      readonly farId?: string;
    }
  | { readonly known: 'not-sent' }
  /** Sent in part, under the id that is noted (`farId`): due again, to be gone on with. */
  | { readonly known: 'begun' }
  | { readonly known: 'unknown' };

export interface DestinationAdapter {
  readonly address: string;
  /** May the same bytes be sent again blindly? (HL7 receivers recognise MSH-10; a folder does not.) */
  readonly dedupable: boolean;
  /** How many deliveries may be in flight at once. */
  readonly slots: number;
  /** How often it is asked about an unknown outcome before a person is; absent: as often as is usual. */
  readonly asks?: number;
  /**
   * One attempt. `goesOn`: an attempt that takes long calls it, as often as it likes, while bytes move or an answer is within its time; the
   * claim is renewed and the deadline put off. Where it is not called the attempt has its usual time.
   */
  send(delivery: OutboundDelivery, deadline: AbortSignal, goesOn?: () => void): Promise<SendResult>;
  /** Asks the far side what became of an attempt whose outcome is unknown. */
  resolve(delivery: OutboundDelivery): Promise<Resolution>;
  close(): Promise<void>;
}
