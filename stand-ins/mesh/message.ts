import type { MeshStatusCode } from '../../formats/mesh/status-codes.ts';
import type { Body } from './spool.ts';

const MESSAGE_STATES = ['uploading', 'accepted', 'acknowledged', 'error'] as const;
export type MessageState = (typeof MESSAGE_STATES)[number];
export const isMessageState = (text: string): text is MessageState => MESSAGE_STATES.some((state) => state === text);

/** Why a message did not reach its recipient, or what a report reports. */
export interface Failure {
  readonly code: MeshStatusCode;
  readonly description: string;
  readonly at: number;
}

/** What the sender said of a message. Empty text: not said. */
export interface Envelope {
  readonly workflow: string;
  readonly subject: string;
  readonly localId: string;
  readonly partnerId: string;
  readonly fileName: string;
  readonly checksum: string;
  /** mex-content-type, else content-type. */
  readonly contentType: string;
  readonly encoding: '' | 'gzip';
  readonly encrypted: boolean;
  readonly compressed: boolean;
}

/** A message in the server's keeping; times in milliseconds since 1970 of the server's clock. */
export interface StoredMessage extends Envelope {
  readonly id: string;
  readonly type: 'DATA' | 'REPORT';
  /** Undefined in reports. */
  readonly sender: string | undefined;
  /** Mailbox id. Empty until a patient's practice is found. */
  recipient: string;
  /** A patient's address that is still to be resolved: forgotten with the decision. */
  routeTo: string | undefined;
  /** 0 in reports. */
  readonly totalChunks: number;
  /** By number less one; a hole where none came. */
  chunks: (Body | undefined)[];
  /** Bytes of all chunks as they were sent; known when the last is here. */
  size: number;
  state: MessageState;
  readonly uploadedAt: number;
  acceptedAt: number | undefined;
  acknowledgedAt: number | undefined;
  failure: Failure | undefined;
  /** Reports: the message they are about. */
  readonly linkedId: string | undefined;
  /** Reports: the mailbox the failed message was meant for. */
  readonly intended: string | undefined;
  /** How often each chunk was given out to its end, and how often it was acknowledged. */
  downloads: number[];
  acknowledgements: number;
}
