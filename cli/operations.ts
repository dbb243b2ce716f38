import type { ReceiptStage } from '../records/far-side.ts';
import type { FaultCode } from '../records/faults.ts';
import type { DeliveryId, DestinationName, HoldId, LaneId, MessageId, SourceName } from '../records/ids.ts';
import type { AttemptOutcome, DeliveryView, LanePhase, MessageState, Outcome, Priority, WithdrawReason } from '../records/states.ts';
import type { TraceStep } from '../records/trace.ts';

/**
 * What the operator's verbs need of the store. Rows hold ids, codes, counts and times: no patient data, so that a list may be shown
 * on any screen. The two calls that show data (`reveal…`) ask for a reason and are audited by the implementation.
 */
export interface Operations {
  listMessages(filter: MessageFilter): Promise<readonly MessageRow[]>;
  showMessage(id: MessageId): Promise<MessageDetail | null>;
  /** Everything that happened to a message, oldest first. */
  traceMessage(id: MessageId): Promise<readonly TraceStep[] | null>;
  /** The bytes as received. Audited with who and why before they are handed out. */
  revealMessage(id: MessageId, act: Act): Promise<Buffer | null>;

  listHolds(filter: HoldFilter): Promise<readonly HoldRow[]>;
  showHold(id: HoldId): Promise<HoldDetail | null>;
  /** Message hold: processed again, now. Delivery hold: its lane goes on with this delivery. */
  releaseHold(id: HoldId, act: Act): Promise<ActResult>;
  /** Message hold: closed, nothing of the held parts is used. Delivery hold: the delivery is withdrawn and its lane goes on. */
  withdrawHold(id: HoldId, act: Act): Promise<ActResult>;

  listDeliveries(filter: DeliveryFilter): Promise<readonly DeliveryRow[]>;
  /** Tries now what waits for its back-off or is held. */
  retryDelivery(id: DeliveryId, act: Act): Promise<ActResult>;
  /** The head of a lane is not sent; the lane goes on with the next. */
  skipDelivery(id: DeliveryId, act: Act): Promise<ActResult>;
  /** Not sent, wherever in its lane it stands. */
  withdrawDelivery(id: DeliveryId, act: Act): Promise<ActResult>;

  showDelivery(id: DeliveryId): Promise<DeliveryDetail | null>;
  /** What the receiver answered at each attempt that did not get through. Audited with who and why before it is handed out. */
  revealReplies(id: DeliveryId, act: Act): Promise<readonly { readonly at: Date; readonly text: string }[]>;

  /** Also those that are no longer configured. */
  listDestinations(): Promise<readonly DestinationRow[]>;
  pauseDestination(name: DestinationName, act: Act): Promise<ActResult>;
  resumeDestination(name: DestinationName, act: Act): Promise<ActResult>;

  /** Daemons that have shown a sign of life lately. */
  runningDaemons(): Promise<number>;
  /** Open holds, and the conservation lines of everything received since then. */
  standing(since: Date): Promise<{ readonly openHolds: number; readonly lines: readonly string[]; readonly balanced: boolean }>;
  /** Brings the schema up to date; says what was done. */
  migrate(): Promise<MigrationReport>;
  close(): Promise<void>;
}

/** Who does something and why; stored with the act, the reason sealed. */
export interface Act {
  readonly by: string;
  readonly reason: string;
}

/** `unknown`: there is no such thing. `refused`: it is not in a state that allows this. */
export type ActResult =
  | { readonly outcome: 'done' }
  | { readonly outcome: 'unknown' }
  | { readonly outcome: 'refused'; readonly why: Refusal };

/** Why an act is refused, and what the person reads. */
export const REFUSALS = {
  'already-closed': 'this hold is closed already',
  'being-sent': 'it is being sent at this moment; ask again when the attempt has ended',
  'not-the-head': 'it is not the first of its lane; use withdraw',
  'not-waiting': 'it has left or was withdrawn already',
  'outcome-unknown': 'whether it has left is not known yet; it is being asked for',
  'already-paused': 'this destination is paused already',
  'not-paused': 'this destination is not paused',
  'not-configured': 'this destination is no longer in the configuration',
} as const;
export type Refusal = keyof typeof REFUSALS;

/** Lists come newest first. `before` is the id of the last row seen. */
interface Page {
  readonly limit: number;
  readonly before?: number;
  readonly since?: Date;
  readonly until?: Date;
}
export interface MessageFilter extends Page {
  readonly source?: SourceName;
  readonly state?: MessageState;
  readonly code?: FaultCode;
  readonly type?: string;
  readonly controlId?: string;
}
export interface HoldFilter extends Page {
  readonly code?: FaultCode;
  readonly source?: SourceName;
  readonly destination?: DestinationName;
  /** Closed ones too. */
  readonly all: boolean;
}
export interface DeliveryFilter extends Page {
  readonly destination?: DestinationName;
  readonly state?: DeliveryView;
  readonly message?: MessageId;
}

export interface MessageRow {
  readonly id: MessageId;
  readonly source: SourceName;
  readonly received: Date;
  readonly type: string | null;
  /** MSH-10; null where the source has it hashed or there was none. */
  readonly controlId: string | null;
  readonly state: MessageState;
  readonly reason: FaultCode | null;
  readonly size: number;
  readonly deliveries: number;
  readonly duplicateOf: MessageId | null;
}
export interface PartRow {
  readonly part: number;
  readonly outcome: Outcome;
  readonly reason: FaultCode | null;
  /** `file:line` of the mapping or the name of the route that decided. */
  readonly rule: string | null;
}
export interface MessageDetail extends MessageRow {
  readonly mappingVersion: string | null;
  readonly directoryVersion: string | null;
  readonly parts: readonly PartRow[];
  readonly holds: readonly HoldRow[];
  readonly filed: readonly DeliveryRow[];
  /** Segments in order with the numbers of their valued fields; null where the bytes are no HL7. */
  readonly shape: readonly SegmentShape[] | null;
}
export interface SegmentShape {
  readonly name: string;
  readonly bytes: number;
  /** Numbers of the fields that hold something. */
  readonly fields: readonly number[];
}
export interface HoldRow {
  readonly id: HoldId;
  readonly reason: FaultCode;
  readonly opened: Date;
  readonly closed: Date | null;
  readonly message: MessageId | null;
  readonly part: number | null;
  readonly delivery: DeliveryId | null;
  readonly source: SourceName | null;
  readonly destination: DestinationName | null;
}
export interface HoldDetail extends HoldRow {
  /** `file:line` of the rule that asked for it. */
  readonly rule: string | null;
  /** Position in the source, e.g. `PID-3[2].1`. */
  readonly position: string | null;
  /** The mapping author's own words; never data of the message. */
  readonly say: string | null;
  /** Deliveries that wait behind it in its lane. */
  readonly waitingBehind: number;
  /** Deliveries of the same patient and destination that have left since it was opened. */
  readonly leftMeanwhile: number;
  readonly closedBy: string | null;
  /** Sealed reason of who closed it, opened for this view. */
  readonly closedWhy: string | null;
}
export interface DeliveryRow {
  readonly id: DeliveryId;
  readonly destination: DestinationName;
  readonly lane: LaneId;
  readonly phase: LanePhase;
  readonly state: DeliveryView;
  readonly message: MessageId | null;
  /** MSH-10 or file name stem as sent. */
  readonly transportKey: string;
  readonly priority: Priority;
  readonly attempts: number;
  readonly lastOutcome: AttemptOutcome | null;
  readonly lastCode: string | null;
  readonly nextAt: Date | null;
  readonly sentFirst: Date | null;
  readonly done: Date | null;
  readonly receiptCode: string | null;
  readonly withdrawn: WithdrawReason | null;
  /** What the far side calls it, where it has ids of its own. */
  readonly farId: string | null;
  /** The delivery this one sends again. */
  readonly resendOf: DeliveryId | null;
  /** Held because a receipt did not come in time. */
  readonly overdue: boolean;
}
export interface AttemptRow {
  readonly at: Date;
  readonly outcome: AttemptOutcome;
  readonly code: string;
  readonly receiptCode: string | null;
  /** Whether a byte of the payload may have left. */
  readonly sentBytes: boolean;
  /** Whether the receiver's words were kept. */
  readonly hasReply: boolean;
}
/** What the far side said of a delivery after it had taken it. */
export interface ReceiptRow {
  readonly at: Date;
  /** When it happened there, where the far side says so. */
  readonly happened: Date | null;
  readonly stage: ReceiptStage;
  readonly good: boolean;
  /** The far side's own code. */
  readonly code: string;
  readonly fault: FaultCode | null;
  readonly farId: string | null;
  /** It is about a send that another has followed since. */
  readonly former: boolean;
  /** That brought it. */
  readonly message: MessageId | null;
  /** Whether the far side's words were kept. */
  readonly hasWords: boolean;
}
export interface DeliveryDetail extends DeliveryRow {
  /** Attempts that did not get through, oldest first. */
  readonly tried: readonly AttemptRow[];
  /** Oldest first. */
  readonly receipts: readonly ReceiptRow[];
}
/** Counts are lanes. */
export interface DestinationRow {
  readonly name: DestinationName;
  readonly transport: string;
  readonly paused: boolean;
  /** Its far side is down: until then nothing is tried. */
  readonly breakerUntil: Date | null;
  readonly due: number;
  readonly sending: number;
  readonly backoff: number;
  readonly held: number;
  readonly ambiguous: number;
  readonly confirming: number;
  readonly oldestDue: Date | null;
}
export interface MigrationReport {
  readonly from: number;
  readonly to: number;
  readonly applied: readonly string[];
}
