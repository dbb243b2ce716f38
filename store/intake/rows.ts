import { brandAs, type MessageId } from '../../records/ids.ts';
import type { Arrival, IntakeResult } from '../../records/intake.ts';
import { OUTCOME } from '../../records/states.ts';
import { byteas, int2s, int4s, int8s, texts } from '../arrays.ts';

/** Code of a message that waits to be processed: it has no outcome yet. */
export const STORED = 0;
export const PROCESSED = OUTCOME.code('processed');
export const HELD = OUTCOME.code('held');
export const REJECTED = OUTCOME.code('rejected');
export const IGNORED = OUTCOME.code('ignored');
export const DUPLICATE = OUTCOME.code('duplicate');

/** An arrival made ready to be written: sealed, texts within what the table can hold. */
export interface IntakeRow {
  readonly arrival: Arrival;
  readonly sender: string;
  readonly controlId: string | null;
  readonly type: string | null;
  readonly keyId: number;
  /** Sealed body up to the inline size; else `contentId`. */
  readonly body: Buffer | null;
  readonly contentId: number | null;
  readonly meta: Buffer | null;
  /** STORED, or what was decided before the journal; never DUPLICATE. */
  readonly outcome: number;
  readonly reason: string | null;
}

/** What became of a row. */
export interface Settled {
  readonly id: number;
  readonly outcome: number;
  readonly of: number | null;
}

/** Decided before the journal, or fetched under a lease: such rows are written by a statement of their own, so that the others pay nothing. */
export const isSpecial = ({ arrival }: IntakeRow): boolean => arrival.fence !== undefined || arrival.settled !== undefined;

/** One of the two: what was kept is keyed, what was rejected or ignored never is (rulings A1). */
export const isKeyed = (row: IntakeRow): row is IntakeRow & { readonly controlId: string } =>
  row.outcome !== REJECTED && row.outcome !== IGNORED && row.controlId !== null;

export const keyOf = (row: { readonly sourceId: number; readonly sender: string; readonly controlId: string }): string =>
  `${row.sourceId}\0${row.sender}\0${row.controlId}`;

export const rowKey = (row: IntakeRow & { readonly controlId: string }): string =>
  keyOf({ sourceId: row.arrival.sourceId, sender: row.sender, controlId: row.controlId });

/** Columns of a row as parameters, in the order of `ROW_COLUMNS`. */
export const rowColumns = (rows: readonly IntakeRow[]): Buffer[] => [
  int4s(rows.map((r) => r.arrival.sourceId)),
  texts(rows.map((r) => r.sender)),
  texts(rows.map((r) => r.controlId)),
  texts(rows.map((r) => r.type)),
  byteas(rows.map((r) => r.arrival.digest)),
  int4s(rows.map((r) => r.arrival.size ?? r.arrival.stored?.size ?? r.arrival.body.length)),
  int2s(rows.map((r) => r.keyId)),
  byteas(rows.map((r) => r.body)),
  int8s(rows.map((r) => r.contentId)),
  byteas(rows.map((r) => r.meta)),
  int2s(rows.map((r) => r.arrival.answer)),
  int2s(rows.map((r) => r.outcome)),
  texts(rows.map((r) => r.reason)),
];

const TYPES = ['int4', 'text', 'text', 'text', 'bytea', 'int4', 'int2', 'bytea', 'int8', 'bytea', 'int2', 'int2', 'text'];
const NAMES = 'source_id, sender, control_id, type, digest, size, key_id, body, content_id, meta, answer, outcome, reason';

/** `unnest($first::int4[], …) with ordinality as u(source_id, …, <more>, ord)`: `more` are the caller's own columns after the row's. */
export const unnestRows = (first: number, more: readonly { readonly name: string; readonly type: string }[] = []): string => {
  const types = [...TYPES, ...more.map((m) => m.type)];
  const names = [NAMES, ...more.map((m) => m.name)].join(', ');
  return `unnest(${types.map((type, index) => `$${first + index}::${type}[]`).join(', ')}) with ordinality as u(${names}, ord)`;
};

export const resultOf = ({ id, outcome, of }: Settled): IntakeResult => {
  const messageId = brandAs<MessageId>(id);
  switch (outcome) {
    case STORED:
      return { kind: 'stored', messageId };
    case DUPLICATE:
      return { kind: 'duplicate', messageId, of: brandAs<MessageId>(of ?? id) };
    default: {
      const kind = OUTCOME.word(outcome);
      if (kind === 'duplicate') throw new RangeError('a duplicate is one of something');
      return { kind, messageId };
    }
  }
};
