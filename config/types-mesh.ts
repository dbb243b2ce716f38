import type { MailboxName } from '../records/ids.ts';
import type { Secret } from './secret.ts';
import type { ClientTls, ReceiptSettings, SendSettings } from './types-transport.ts';

/** One MESH mailbox by API: sources and destinations name it. Durations in ms, sizes in bytes. */
export interface MailboxSettings {
  /** Mailbox id, upper case. */
  readonly id: string;
  /** Service without path: `https://msg.intspineservices.nhs.uk`. `/messageexchange` is added. */
  readonly url: string;
  readonly password: Secret;
  /** Shared key of the environment. */
  readonly sharedKey: Secret;
  /** Absent: plain http, which only a service on loopback may have. */
  readonly tls?: ClientTls;
  /** CONNECT proxy, `http://proxy:3128`; may hold credentials. */
  readonly proxy?: Secret;
  readonly api: 'auto' | 'v2' | 'v1';
  /** Least pause between looks into the inbox, except while draining. */
  readonly poll: number;
  readonly handshake: number;
  /** Longest silence of the service. */
  readonly timeout: number;
  /** How long an endpoint look-up may be used. */
  readonly lookupAge: number;
  /** Least pause between two looks at whether one message was collected. */
  readonly tracking: number;
}

/** What is done with a message of a workflow. */
export type WorkflowDisposition =
  /** HL7 v2 is mapped, anything else is held. */
  | { readonly do: 'process' }
  /** Passed on as it is. */
  | { readonly do: 'forward'; readonly to: string }
  /** Taken out of the mailbox and held for a person. */
  | { readonly do: 'hold' }
  /** Left where it is, for another reader of the mailbox; alarmed. */
  | { readonly do: 'leave' }
  /** The recipients' own answers to what was sent under `of`. */
  | { readonly do: 'acknowledge'; readonly of: string };

interface WorkflowSettings {
  /** By workflow id. */
  readonly workflows: ReadonlyMap<string, WorkflowDisposition>;
  /** Every other workflow id. */
  readonly others: 'leave' | 'hold';
}

export interface MeshSourceSettings extends ReceiptSettings, WorkflowSettings {
  readonly kind: 'mesh-api';
  readonly mailbox: MailboxName;
  /** Most messages of others stepped over in one look, and the most taken between two looks at the lease. */
  readonly page: number;
}

export type MeshAddressee =
  | { readonly by: 'mailbox'; readonly mailbox: string }
  /** Mailbox of the organisation the route chose, by endpointlookup. */
  | { readonly by: 'organisation' }
  /** Routed by the service to the registered practice. */
  | { readonly by: 'patient'; readonly birthDate: 'YYYYMMDD' | 'DDMMYYYY'; readonly surname: 'letters' | 'as-written' }
  /** As the message that is passed on says. */
  | { readonly by: 'message' };

export interface MeshSending {
  /** Workflow id of what is sent; of what is passed on, its own, and this one where it has none. */
  readonly workflow: string;
  /** Workflow ids that may be sent; none = `workflow` alone. */
  readonly allowed: readonly string[];
  readonly to: MeshAddressee;
  /** `key`: unique, ours; `ods`: the sender's ODS code where the workflow wants it; `message`: of what is passed on. */
  readonly localId: 'key' | 'ods' | 'none' | 'message';
  readonly ods?: string;
  /** `none`; a fixed text; `patient`: title, name and NHS number where the workflow demands it. */
  readonly subject: 'none' | 'fixed' | 'patient' | 'message';
  readonly subjectText?: string;
  /** What makes a delivery confirmed. */
  readonly confirmedBy: 'accepted' | 'downloaded' | 'reported' | 'business';
  /** After these times without the receipt, on-call is told. */
  readonly late: { readonly downloaded: number; readonly business: number };
}

export interface MeshDestinationSettings extends SendSettings, MeshSending {
  readonly kind: 'mesh-api';
  readonly mailbox: MailboxName;
  readonly compress: 'auto' | 'yes' | 'no';
  readonly chunkSize: number;
}

export interface MeshFolderSourceSettings extends ReceiptSettings, WorkflowSettings {
  readonly kind: 'mesh-folder';
  /** Beside an installed MESH client, reading its IN; or in place of one, reading what legacy systems drop in OUT. */
  readonly role: 'beside-client' | 'as-client';
  /** Interface root: the folder that holds IN, OUT, SENT and FAILED, in either case. */
  readonly path: string;
  readonly make: boolean;
  /** Our mailbox id: only pairs addressed to it (beside) or from it (as client) are taken. */
  readonly mailbox: string;
  readonly interval: number;
  /** A control file whose data file does not come in this time is reported. */
  readonly dataWait: number;
  readonly done: 'keep' | 'delete';
}

export interface MeshFolderDestinationSettings extends SendSettings, MeshSending {
  readonly kind: 'mesh-folder';
  /** Beside a client: pairs go to its OUT. As client: pairs go to IN, for a legacy system that reads there. */
  readonly role: 'beside-client' | 'as-client';
  readonly path: string;
  readonly make: boolean;
  readonly mailbox: string;
  readonly slots: number;
}
