import { DUPLICATE, HELD, type IntakeRow, isKeyed, rowKey, type Settled } from './rows.ts';

/** One content seen under a key. Rows of `message_key`. */
export interface Variant {
  readonly variant: number;
  digest: Buffer;
  messageId: number;
  /** Milliseconds since it was received, by the database's clock. */
  age: number;
  /** What has to be written: nothing, an update, an insert. */
  change: 'none' | 'update' | 'insert';
}

export interface KnownKey {
  readonly sourceId: number;
  readonly sender: string;
  readonly controlId: string;
  variants: Variant[];
  /** Past its window and taken over: what other variants it had go. */
  cut: boolean;
}

/**
 * Decides rows in order of arrival against the keys as they stand (rulings A3, A4), and notes in `keys` what has to change:
 * a digest seen within the window is a duplicate; other content under a live key is a further variant, held or accepted
 * as the source says; a key whose every variant is past the window is taken over as if it were new.
 */
export const decideVariants = (rows: readonly IntakeRow[], ids: readonly number[], keys: ReadonlyMap<string, KnownKey>): Settled[] =>
  rows.map((row, ordinal) => {
    const id = ids[ordinal];
    if (id === undefined) throw new RangeError('fewer ids than rows');
    if (!isKeyed(row)) return { id, outcome: row.outcome, of: null };
    const key = keys.get(rowKey(row));
    if (key === undefined) throw new RangeError('a key was neither made nor found');
    return decideOne(row, id, key);
  });

const decideOne = (row: IntakeRow, id: number, key: KnownKey): Settled => {
  const { digest, windowMs, reused } = row.arrival;
  // The very row that made the key.
  if (key.variants.some((v) => v.messageId === id)) return { id, outcome: row.outcome, of: null };
  const live = key.variants.filter((v) => v.age <= windowMs);
  const same = live.find((v) => v.digest.equals(digest));
  if (same !== undefined) return { id, outcome: DUPLICATE, of: same.messageId };
  if (live.length === 0) {
    takeOver(key, digest, id);
    return { id, outcome: row.outcome, of: null };
  }
  const stale = key.variants.find((v) => v.digest.equals(digest));
  if (stale !== undefined) Object.assign(stale, { messageId: id, age: 0, change: stale.change === 'insert' ? 'insert' : 'update' });
  else key.variants.push({ variant: Math.max(...key.variants.map((v) => v.variant)) + 1, digest, messageId: id, age: 0, change: 'insert' });
  return { id, outcome: reused === 'accept' ? row.outcome : HELD, of: null };
};

const takeOver = (key: KnownKey, digest: Buffer, id: number): void => {
  key.cut ||= key.variants.length > 1;
  key.variants = [{ variant: 0, digest, messageId: id, age: 0, change: 'update' }];
};
