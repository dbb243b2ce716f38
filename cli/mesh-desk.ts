import type { MailboxName } from '../records/ids.ts';

/** What the `mesh` verbs ask of one mailbox. Each call is one look at the service; nothing is journalled. */
export interface MeshDesk {
  /** Validates the mailbox; resolves with what the service was found to be. */
  handshake(): Promise<MeshGreeting>;
  /** The oldest messages waiting, by their headers alone: nothing is downloaded, nothing leaves the mailbox. */
  inbox(options: { readonly limit: number; readonly workflow?: string }): Promise<MeshInbox>;
  send(message: MeshSend): Promise<{ readonly messageId: string; readonly chunks: number }>;
  /** What the service knows of a message this mailbox sent; null where it knows none. */
  track(id: string, by: 'message-id' | 'local-id'): Promise<MeshTrack | null>;
  /** Mailboxes that take a workflow for an organisation. */
  lookup(ods: string, workflow: string): Promise<readonly MeshEndpoint[]>;
  close(): Promise<void>;
}

export interface MeshGreeting {
  readonly mailbox: MailboxName;
  readonly id: string;
  readonly api: 'v1' | 'v2';
  readonly milliseconds: number;
  /** Days until our certificate ends; null without one. */
  readonly certificateDays: number | null;
}

export interface MeshInbox {
  /** How many wait, as far as the service says. */
  readonly waiting: number | null;
  readonly messages: readonly MeshInboxRow[];
}

/** No subject and no addressee: both name patients. */
export interface MeshInboxRow {
  readonly id: string;
  readonly type: 'DATA' | 'REPORT';
  readonly workflow: string;
  readonly from: string | null;
  /** Bytes; null where the service does not say. */
  readonly size: number | null;
  readonly chunks: number;
  /** What the configuration does with its workflow. */
  readonly disposition: string;
}

export interface MeshSend {
  readonly to: string;
  readonly workflow: string;
  readonly file: string;
  readonly localId?: string;
  readonly subject?: string;
  readonly compress: boolean;
}

export interface MeshTrack {
  readonly messageId: string;
  /** As the service words it: accepted, acknowledged, error … */
  readonly status: string;
  readonly uploaded: Date | null;
  readonly downloaded: Date | null;
  readonly code: string | null;
}

export interface MeshEndpoint {
  readonly mailbox: string;
  readonly name: string;
}

/** The service refused or did not answer. `said`: its code, never its words. */
export class MeshFailed extends Error {
  readonly reached: boolean;
  readonly hint: string;
  constructor(message: string, { reached, hint, cause }: { readonly reached: boolean; readonly hint: string; readonly cause?: unknown }) {
    super(message, { cause });
    this.name = 'MeshFailed';
    this.reached = reached;
    this.hint = hint;
  }
}
