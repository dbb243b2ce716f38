import type { Fence } from './far-side.ts';
import type { FaultCode } from './faults.ts';
import type { MessageId, SourceId } from './ids.ts';

/** Bytes that the content store has already, whole. */
export interface StoredBody {
  readonly id: number;
  /** In clear. */
  readonly size: number;
}

/** Where large bodies go before their message is journalled: read once, a chunk at a time. What no message comes to have is removed a day later. */
export interface BodyStore {
  write(source: AsyncIterable<Uint8Array>, lasting: false): Promise<StoredBody>;
  readById(id: number): AsyncIterable<Uint8Array>;
}

/** What became of a message that nobody need process: it is decided before the journal, and found again under its identity like any other. */
export type Settlement =
  | { readonly outcome: 'processed'; readonly rule: string }
  | { readonly outcome: 'held'; readonly reason: FaultCode };

/** Bit of `Arrival.answer`: `type` is the workflow of a mailbox, and what the content is nobody has said. */
export const KNOWN_BY_WORKFLOW = 8;

/** One message on its way into the journal; the receipt checks have been made. */
export interface Arrival {
  readonly sourceId: SourceId;
  /** MSH-3|MSH-4 where the source asks for it in the identity, else ''. */
  readonly sender: string;
  /** Null only for what is rejected. */
  readonly controlId: string | null;
  /** `ADT^A01`, as far as it could be read; the workflow id where `answer` says so. */
  readonly type: string | null;
  /** HMAC-SHA-256 of the bytes under the identity key. */
  readonly digest: Buffer;
  readonly body: Buffer;
  /** Holds the bytes in place of `body`, which is empty then. */
  readonly stored?: StoredBody;
  /** Bytes the sender sent, where `body` is only the head of what was refused. */
  readonly size?: number;
  /** Messages of one connection keep their order, however long one of them takes to be stored. */
  readonly connection?: string;
  /** Kept sealed beside the message: source file name, character set, connection. */
  readonly meta?: Readonly<Record<string, string>>;
  readonly rejected?: FaultCode;
  /** The reason given under `ignore:` of the source. */
  readonly ignored?: string;
  readonly settled?: Settlement;
  /** Right under which it was fetched: rejects with `lease-lost`, and journals nothing, where another has it by now. */
  readonly fence?: Fence;
  /** Bits of `message.answer`: 0 none; 1 application answer wanted when processed; 2 when held; `KNOWN_BY_WORKFLOW`. */
  readonly answer: number;
  /** What to do when the control id comes with other content. */
  readonly reused: 'hold' | 'accept';
  /** How long a control id counts as seen. */
  readonly windowMs: number;
}

export type IntakeResult =
  | { readonly kind: 'stored' | 'processed' | 'held' | 'rejected' | 'ignored'; readonly messageId: MessageId }
  | { readonly kind: 'duplicate'; readonly messageId: MessageId; readonly of: MessageId };

/** Resolves after the commit; rejects when the store did not take it. */
export interface JournalPort {
  append(arrival: Arrival): Promise<IntakeResult>;
}
