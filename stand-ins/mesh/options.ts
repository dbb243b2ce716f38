import type { BirthDateFormat } from '../../formats/mesh/route-address.ts';
import { ROUTED_BY_PATIENT } from '../../formats/mesh/sending.ts';

/** One mailbox of the stand-in. Ids are upper-cased. */
export interface MailboxSettings {
  readonly id: string;
  readonly password: string;
  /** Shown by endpoint lookup and tracking. */
  readonly name?: string;
  readonly odsCode?: string;
  /** Default true; a request of a disabled mailbox is refused with 403, what is sent to it comes back as a report with code 14. */
  readonly enabled?: boolean;
  /** Workflow ids it may send (`W*` for a family); left out: any. */
  readonly sends?: readonly string[];
  /** Workflow ids it is registered for; left out: any. */
  readonly receives?: readonly string[];
  /** Common name that the client certificate must have; left out: any certificate of the authority will do. */
  readonly certificateName?: string;
}

/** A patient as the demographics service would know them; invented, with a number of the test range 999. */
export interface Person {
  readonly nhsNumber: string;
  /** `YYYY-MM-DD`. */
  readonly birthDate: string;
  readonly surname: string;
  /** ODS code of the registered practice; left out: registered nowhere. */
  readonly practice?: string;
}

/** What the server is strict about. Everything has the real service's value by default; the sandbox's is noted. */
export interface Strictness {
  /** A token is good once (sandbox: false). */
  readonly replay: boolean;
  /** Most a token's time may differ from the server's, milliseconds (sandbox: Infinity). */
  readonly clockWindow: number;
  /** After an acknowledgement a download is answered 410 (sandbox: false, 200). */
  readonly goneWhenAcknowledged: boolean;
  /** A chunk that leaves a gap is refused; false: taken, and the gap is a 404 for the recipient (sandbox). */
  readonly chunksInOrder: boolean;
}

export interface ReportForm {
  /** False: reports carry no code, event and description. */
  readonly code: boolean;
  /** False: reports do not name the message they are about. */
  readonly link: boolean;
  /** What mex-to says: the mailbox that holds the report, or the one the message was meant for. */
  readonly to: 'mailbox' | 'intended';
}

export interface MeshServerOptions {
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** 0, the default: the system chooses. */
  readonly port?: number;
  /** False: plain http, for tests that look at bytes. Default true: mutual TLS with an authority of its own. */
  readonly tls?: boolean;
  /** Port of the admin door on 127.0.0.1; left out: there is none. 0: the system chooses. */
  readonly adminPort?: number;
  /** Folder for messages and certificates, so that a restart finds them; left out: memory, and temporary files for large bodies. */
  readonly data?: string;
  readonly mailboxes?: readonly MailboxSettings[];
  /** Key of the token's hash, one for all mailboxes of an environment. */
  readonly sharedKey?: string;
  /** Whom patient routing knows. */
  readonly patients?: readonly Person[];
  readonly routing?: {
    readonly birthDate?: BirthDateFormat;
    /** Workflows that may be sent to a patient's practice. */
    readonly workflows?: readonly string[];
    /** Milliseconds of the server's time between 202 and the decision. Default 0: by the next request. */
    readonly delay?: number;
  };
  readonly strict?: Partial<Strictness>;
  readonly reports?: Partial<ReportForm>;
  /** Uncollected messages leave the inbox after this, milliseconds. Default five days. */
  readonly expiry?: number;
  /** Messages are forgotten after this, milliseconds. Default thirty days. */
  readonly retention?: number;
  /** Most bytes of one body. Default 100 MB. */
  readonly maxBodyBytes?: number;
  /** Compresses downloads of version 2 when the client takes gzip. Default true. */
  readonly gzipDownloads?: boolean;
  /** Most requests of one mailbox in a stretch of the server's time; above it 429 with Retry-After. Left out: no limit. */
  readonly rateLimit?: { readonly requests: number; readonly seconds: number };
  readonly clock?: {
    /** Milliseconds ahead of the machine's clock at the start. */
    readonly offset?: number;
    /** Server seconds a real second; 3600 makes an hour of each second. */
    readonly speed?: number;
  };
  /** How many of the latest requests are remembered. Default 10,000. */
  readonly requestsKept?: number;
}

export const DAY = 86_400_000;
export const DEFAULT_STRICTNESS: Strictness = { replay: true, clockWindow: 7_200_000, goneWhenAcknowledged: true, chunksInOrder: true };
export const DEFAULT_REPORTS: ReportForm = { code: true, link: true, to: 'mailbox' };
/** As published; each acknowledgement workflow that exists is named. */
export const ROUTED_WORKFLOWS: readonly string[] = [...ROUTED_BY_PATIENT];
