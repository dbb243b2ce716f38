import { readStamp } from './timestamp.ts';

/** Answers of the MESH API, read alike from version 1 and 2: each has its own names for the same things, and either may come. */

type Fields = Readonly<Record<string, unknown>>;
const isFields = (value: unknown): value is Fields => typeof value === 'object' && value !== null && !Array.isArray(value);
const textOf = (value: unknown): string => (typeof value === 'string' ? value : typeof value === 'number' ? String(value) : '');
const first = (fields: Fields, ...names: readonly string[]): string => {
  for (const name of names) {
    const text = textOf(fields[name]);
    if (text !== '') return text;
  }
  return '';
};

export interface InboxPage {
  /** Message ids, opaque, oldest first. */
  readonly ids: readonly string[];
  /** Address of the next page, relative or whole; null where there is none. A page may be empty and have a next one. */
  readonly next: string | null;
}

/** Undefined where it is no list. */
export const readInboxPage = (body: unknown): InboxPage | undefined => {
  if (!isFields(body) || !Array.isArray(body.messages)) return undefined;
  const ids = body.messages.map(textOf).filter((id) => id !== '');
  const links = body.links;
  const next = isFields(links) ? textOf(links.next) : '';
  return { ids, next: next === '' ? null : next };
};

/** Id of a message that was taken over (202); undefined where the answer names none. */
export const readMessageId = (body: unknown): string | undefined => {
  if (!isFields(body)) return undefined;
  const id = first(body, 'message_id', 'messageID', 'messageId');
  return id === '' ? undefined : id;
};

export interface FoundMailbox {
  readonly mailbox: string;
  readonly name: string;
}

/** Results of a look-up, in the order given. Undefined where it is no such list; entries without a mailbox are dropped. */
export const readFoundMailboxes = (body: unknown): readonly FoundMailbox[] | undefined => {
  if (!isFields(body) || !Array.isArray(body.results)) return undefined;
  return body.results
    .filter(isFields)
    .map((entry) => ({ mailbox: first(entry, 'mailbox_id', 'address').toUpperCase(), name: first(entry, 'mailbox_name', 'description') }))
    .filter((found) => found.mailbox !== '');
};

export interface TrackedMessage {
  readonly id: string;
  /** `accepted`, `acknowledged` (the recipient has fetched it), `error`, `uploading`; lower case. */
  readonly status: string;
  readonly event: string;
  readonly code: string;
  readonly words: string;
  /** When that status came about; milliseconds since 1970, null where it does not say. */
  readonly at: number | null;
  /** The recipient's mailbox, also where it was found by the service. */
  readonly recipient: string;
  readonly recipientOds: string;
  /** Chunks it was begun with, and whether they are compressed; null where the answer does not say (version 2). */
  readonly chunks: number | null;
  readonly gzip: boolean | null;
}

const moment = (text: string): number | null => {
  const stamp = readStamp(text) ?? Date.parse(text);
  return Number.isNaN(stamp) ? null : stamp;
};

/** What the sender may know of a message of its own. Undefined where the answer has no status. */
export const readTracking = (body: unknown): TrackedMessage | undefined => {
  if (!isFields(body)) return undefined;
  const status = textOf(body.status).toLowerCase();
  if (status === '') return undefined;
  const acknowledged = status === 'acknowledged' ? first(body, 'downloadTimestamp', 'download_timestamp') : '';
  return {
    id: first(body, 'message_id', 'messageId', 'messageID', 'dtsId'),
    status,
    event: first(body, 'status_event', 'statusEvent'),
    code: first(body, 'status_code', 'statusCode'),
    words: first(body, 'status_description', 'statusDescription', 'failureDiagnostic'),
    at: moment(acknowledged || first(body, 'status_timestamp', 'statusTimestamp')),
    recipient: first(body, 'recipient').toUpperCase(),
    recipientOds: first(body, 'recipient_ods_code', 'meshRecipientOdsCode'),
    chunks: typeof body.chunkCount === 'number' && Number.isInteger(body.chunkCount) ? body.chunkCount : null,
    gzip: typeof body.contentEncoding === 'string' ? body.contentEncoding.toLowerCase() === 'gzip' : null,
  };
};
