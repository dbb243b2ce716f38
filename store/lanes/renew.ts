import type { ClaimRef } from '../../records/lanes.ts';
import type { Database } from '../pool.ts';

const RENEW = `update lane set claimed_until = clock_timestamp() + $4 * interval '1 ms'
  where id = $1 and head = $2 and token = $3 and phase = 2 returning id`;

/** The time of a claim we have begins anew. False where it ran out, and whoever looked after it has taken the lane's token further. */
export const renewClaim = async (database: Database, { lane, delivery, token }: ClaimRef, ttlMs: number): Promise<boolean> =>
  (await database.query(RENEW, [lane, delivery, token, ttlMs], { name: 'lane-renew' })).length > 0;
