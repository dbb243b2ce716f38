import type { FaultCode } from './faults.ts';
import type { MessageId, SourceId } from './ids.ts';

/** One message on its way into the journal; the receipt checks have been made. */
export interface Arrival {
  readonly sourceId: SourceId;
  /** MSH-3|MSH-4 where the source asks for it in the identity, else ''. */
  readonly sender: string;
  /** Null only for what is rejected. */
  readonly controlId: string | null;
  /** `ADT^A01`, as far as it could be read. */
  readonly type: string | null;
  /** HMAC-SHA-256 of the bytes under the identity key. */
  readonly digest: Buffer;
  readonly body: Buffer;
  /** Bytes the sender sent, where `body` is only the head of what was refused. */
  readonly size?: number;
  /** Messages of one connection keep their order, however long one of them takes to be stored. */
  readonly connection?: string;
  /** Kept sealed beside the message: source file name, character set, connection. */
  readonly meta?: Readonly<Record<string, string>>;
  readonly rejected?: FaultCode;
  /** The reason given under `ignore:` of the source. */
  readonly ignored?: string;
  /** Bits of `message.answer`: 0 none; 1 application answer wanted always; 2 on error; 4 on success. */
  readonly answer: number;
  /** What to do when the control id comes with other content. */
  readonly reused: 'hold' | 'accept';
  /** How long a control id counts as seen. */
  readonly windowMs: number;
}

export type IntakeResult =
  | { readonly kind: 'stored' | 'held' | 'rejected' | 'ignored'; readonly messageId: MessageId }
  | { readonly kind: 'duplicate'; readonly messageId: MessageId; readonly of: MessageId };

/** Resolves after the commit; rejects when the store did not take it. */
export interface JournalPort {
  append(arrival: Arrival): Promise<IntakeResult>;
}
