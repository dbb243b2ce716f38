import type { Database } from './pool.ts';

/** Ids are drawn a moment before their row's time is taken, and flushes overlap: neighbours may be out of step by this much. */
const SLACK_MS = 10 * 60_000;

/**
 * An id below which every message was received before `since`: ids rise with time, so two dozen look-ups by key replace
 * the scan that a journal without an index on time would need. The caller still compares times.
 */
export const idBound = async (database: Database, since: Date): Promise<number> => {
  const at = since.getTime() - SLACK_MS;
  const last = await database.query<{ last: number }>('select last_value as last from message_id');
  let low = 1;
  let high = (last[0]?.last ?? 0) + 1;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const rows = await database.query<{ received: Date }>('select received from message where id >= $1 order by id limit 1', [middle], {
      name: 'id-bound',
    });
    const received = rows[0]?.received;
    if (received === undefined || received.getTime() >= at) high = middle;
    else low = middle + 1;
  }
  return low;
};
