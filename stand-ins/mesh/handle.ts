import type { MeshStatusCode } from '../../formats/mesh/status-codes.ts';
import type { Identity } from './certificates.ts';
import type { Fault, InjectedFault } from './faults.ts';
import type { MessageState } from './message.ts';
import type { SeenRequest } from './request-log.ts';

/** Bytes, or where they come from: a stream goes to its place piece by piece. */
export type BodySource = Buffer | string | AsyncIterable<Buffer | string>;

/** A message put into an inbox from within, past all checks. */
export interface PutMessage {
  readonly workflowId: string;
  /** One chunk; or `chunks`, several. */
  readonly body?: BodySource;
  readonly chunks?: readonly BodySource[];
  /** Each chunk is stored gzipped, as a sender would have sent it. */
  readonly compress?: boolean;
  /** Default `STANDIN`; need not be a mailbox of the server. */
  readonly from?: string;
  readonly subject?: string;
  readonly localId?: string;
  readonly fileName?: string;
  readonly contentType?: string;
  readonly checksum?: string;
  readonly partnerId?: string;
}

export interface PutReport {
  readonly code: MeshStatusCode;
  readonly description?: string;
  /** Id of the message it is about. */
  readonly about?: string;
  /** For a report about a message the server does not know. */
  readonly linkedId?: string;
  readonly workflowId?: string;
  readonly localId?: string;
  readonly subject?: string;
}

/** What a test may see of a message. */
export interface MessageView {
  readonly id: string;
  readonly type: 'DATA' | 'REPORT';
  readonly state: MessageState;
  /** Empty in reports. */
  readonly sender: string;
  /** Empty while a patient's practice is being looked for, and when none was found. */
  readonly recipient: string;
  readonly workflowId: string;
  readonly localId: string;
  readonly subject: string;
  readonly totalChunks: number;
  readonly size: number;
  /** How often each chunk was given out whole, by number less one. */
  readonly downloads: readonly number[];
  readonly acknowledgements: number;
  /** Status code of the failure, or of what a report reports. */
  readonly code: MeshStatusCode | undefined;
  readonly linkedId: string | undefined;
}

export interface MailboxView {
  readonly id: string;
  readonly password: string;
  readonly sharedKey: string;
  readonly enabled: boolean;
  /** Messages in its inbox. */
  readonly waiting: number;
  /** Most requests there ever were at the same time. */
  readonly mostConcurrent: number;
}

export interface Totals {
  readonly requests: number;
  readonly byRoute: Readonly<Record<string, number>>;
  /** Tokens used more than once. */
  readonly replayedTokens: number;
}

/** A stand-in MESH server that runs, and everything a test, the demo or the admin door does with it. */
export interface MeshServer {
  /** `https://127.0.0.1:port`, without a path. */
  readonly url: string;
  /** Undefined unless `adminPort` was given. */
  readonly adminUrl: string | undefined;
  /** PEM of the authority; undefined without TLS. */
  readonly ca: string | undefined;
  /** A client certificate of that authority; undefined without TLS. */
  readonly client: Identity | undefined;
  /** Another; `days` below zero: it has expired. */
  issueClient(commonName: string, days?: number): Promise<Identity>;
  readonly sharedKey: string;
  readonly clock: {
    /** Milliseconds since 1970 of the server's time. */
    now(): number;
    /** Moves on, and does what has come due. */
    advance(milliseconds: number): Promise<void>;
  };
  mailboxes(): readonly MailboxView[];
  /** Throws where there is no such mailbox. */
  mailbox(id: string): MailboxView;
  setEnabled(id: string, enabled: boolean): Promise<void>;
  /** Resolves with the message id. */
  put(mailbox: string, message: PutMessage): Promise<string>;
  report(mailbox: string, report: PutReport): Promise<string>;
  /** The service desk: an uncollected message goes back to its inbox. */
  reinstate(messageId: string): Promise<void>;
  /** The recipient takes a waiting message out of its inbox, as a download and an acknowledgement would. Throws where none is waiting. */
  collect(messageId: string): Promise<void>;
  inject(fault: Fault): InjectedFault;
  clearFaults(): void;
  faults(): readonly { readonly fault: Fault; readonly hits: number }[];
  /** The latest, oldest first. */
  requests(): readonly SeenRequest[];
  totals(): Totals;
  /** Oldest first. */
  messages(only?: {
    readonly state?: MessageState;
    readonly recipient?: string;
    readonly sender?: string;
  }): Promise<readonly MessageView[]>;
  message(id: string): Promise<MessageView | undefined>;
  /** The bytes of a chunk as they were sent; undefined where there are none (any more). */
  body(id: string, chunk?: number): Promise<Buffer | undefined>;
  /** Faults of the server itself: empty, or the server is wrong. */
  readonly problems: readonly unknown[];
  close(): Promise<void>;
}
