import type { FaultCode } from '../../records/faults.ts';
import type { DeliveryId, HoldId, LaneId, Token } from '../../records/ids.ts';
import { ATTEMPT } from '../../records/states.ts';
import type { Database } from '../pool.ts';
import { retryTransaction } from '../retry.ts';
import type { Vault } from '../vault.ts';
import { attemptPlace } from './turn.ts';

export interface LateRefusal {
  readonly delivery: DeliveryId;
  readonly code: FaultCode;
  /** MSA-1: AE, AR. */
  readonly receiptCode: string;
  /** The receiver's own words; sealed. */
  readonly reply: Buffer;
}

/**
 * A receiver refuses what it had accepted. Where the lane still waits for its confirmation the delivery is held: nothing passes it until
 * a person has decided. Where the lane has gone on the refusal is recorded with the delivery, which stays handed over.
 * `too-soon`: the acceptance itself is not filed yet.
 */
export const refuseLate = (
  database: Database,
  vault: Vault,
  refusal: LateRefusal,
): Promise<{ readonly outcome: 'held'; readonly hold: HoldId | null } | { readonly outcome: 'recorded' | 'too-soon' | 'not-found' }> =>
  retryTransaction(database, async (tx) => {
    const { delivery, code, receiptCode, reply } = refusal;
    await tx.query('select lane_lock(array[lane_id]) from delivery where id = $1', [delivery]);
    const [at] = await tx.query<{ lane: LaneId; token: Token; state: number; waits: boolean }>(
      `select l.id as lane, l.token, d.state, l.head is not distinct from d.id and l.phase = 6 as waits
       from delivery d join lane l on l.id = d.lane_id where d.id = $1`,
      [delivery],
    );
    if (at === undefined) return { outcome: 'not-found' };
    if (at.state === 0) return { outcome: 'too-soon' };
    const sealed = vault.seal(reply, attemptPlace({ delivery, token: at.token }));
    await tx.query(
      `insert into attempt (delivery_id, token, outcome, code, receipt_code, sent_bytes, key_id, detail) values ($1, $2, $3, $4, $5, true, $6, $7)`,
      [delivery, at.token, ATTEMPT.code(at.waits ? 'permanent' : 'late-receipt'), code, receiptCode, sealed.keyId, sealed.bytes],
    );
    if (!at.waits) {
      await tx.query('update delivery set receipt_code = $2 where id = $1', [delivery, receiptCode]);
      return { outcome: 'recorded' };
    }
    await tx.query('update delivery set state = 0, done = null, receipt_code = $2 where id = $1', [delivery, receiptCode]);
    const [held] = await tx.query<{ hold: HoldId | null }>('select lane_hold($1, $2, $3) as hold', [at.lane, delivery, code]);
    return { outcome: 'held', hold: held?.hold ?? null };
  });
