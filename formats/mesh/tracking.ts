import { readStamp } from './timestamp.ts';

/** Where a sent message is. `other`: a word this program does not know. */
export type TrackedState = 'uploading' | 'accepted' | 'acknowledged' | 'failed' | 'other';

/** What the service says of a message we sent, from either version's answer. */
export interface Tracked {
  readonly id: string;
  readonly state: TrackedState;
  /** The service's own word for it, lower case. */
  readonly status: string;
  /** Number of chunks it was begun with; null where the answer does not say (version 2). */
  readonly chunks: number | null;
  /** Whether its chunks are gzipped; null where the answer does not say (version 2). */
  readonly gzip: boolean | null;
  /** When the recipient acknowledged it, or it failed; milliseconds since 1970, null where not said. */
  readonly at: number | null;
  readonly event: string;
  readonly code: string;
  readonly words: string;
}

const STATES: Readonly<Record<string, TrackedState>> = {
  uploading: 'uploading',
  accepted: 'accepted',
  acknowledged: 'acknowledged',
  undeliverable: 'failed',
  error: 'failed',
};

const momentOf = (text: string): number | null => {
  if (text === '') return null;
  const at = readStamp(text) ?? Date.parse(text);
  return Number.isNaN(at) ? null : at;
};

/** Null where it is no tracking answer at all. `value`: the parsed JSON. */
export const readTracking = (value: unknown): Tracked | null => {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return null;
  const fields = new Map<string, unknown>(Object.entries(value));
  const text = (...names: readonly string[]): string => {
    for (const name of names) {
      const found = fields.get(name);
      if (typeof found === 'string' && found !== '') return found;
    }
    return '';
  };
  const id = text('message_id', 'messageId', 'messageID', 'dtsId');
  if (id === '') return null;
  const status = text('status').toLowerCase();
  const code = text('status_code', 'statusCode');
  const failed = fields.get('status_success') === false || text('statusSuccess').toUpperCase() === 'ERROR' || text('failureDate') !== '';
  const state = STATES[status] ?? 'other';
  const chunks = fields.get('chunkCount');
  const encoding = fields.get('contentEncoding');
  return {
    id,
    // An error outlives the word for the state: what failed is never shown as on its way.
    state: failed && state !== 'acknowledged' ? 'failed' : state,
    status,
    chunks: typeof chunks === 'number' && Number.isInteger(chunks) && chunks > 0 ? chunks : null,
    gzip: typeof encoding === 'string' ? encoding.toLowerCase() === 'gzip' : null,
    at: momentOf(text('failureDate', 'downloadTimestamp', 'status_timestamp', 'statusTimestamp')),
    event: text('status_event', 'statusEvent'),
    code,
    words: text('failureDiagnostic', 'status_description', 'statusDescription'),
  };
};
