import type { FaultCode } from '../../records/faults.ts';
import type { DeliveryId } from '../../records/ids.ts';
import type { ClaimRef } from '../../records/lanes.ts';
import { ATTEMPT } from '../../records/states.ts';
import type { Database } from '../pool.ts';
import { retryTransaction } from '../retry.ts';
import type { Vault } from '../vault.ts';
import { holdHandedOver } from './far-outcome.ts';
import { attemptPlace } from './turn.ts';

export interface LateRefusal {
  readonly delivery: DeliveryId;
  readonly code: FaultCode;
  /** MSA-1. */
  readonly receiptCode: string;
  /** The receiver's own words; kept sealed. */
  readonly reply: Buffer;
}

interface At extends ClaimRef {
  readonly state: number;
  readonly awaited: boolean;
}

const READ = `select l.id as lane, d.id as delivery, l.token, d.state, l.head = d.id and l.phase = 6 as awaited
  from delivery d join lane l on l.id = d.lane_id where d.id = $1`;

/**
 * A receiver that had taken a delivery over (CA) refuses it after all. It is on record as an attempt; where its lane was waiting for the
 * confirmation, the delivery is held and with it the lane, for a person. `early`: the hand-over itself is not filed yet.
 */
export const refuseLate = (database: Database, vault: Vault, late: LateRefusal): Promise<'held' | 'recorded' | 'early' | 'unknown'> =>
  retryTransaction(database, async (tx) => {
    await tx.query('select lane_lock(array[lane_id]) from delivery where id = $1', [late.delivery]);
    const [at] = await tx.query<At>(READ, [late.delivery]);
    if (at === undefined) return 'unknown';
    if (at.state === 0) return 'early';
    const sealed = late.reply.length === 0 ? null : vault.seal(late.reply, attemptPlace(at));
    await tx.query(
      `insert into attempt (delivery_id, token, outcome, code, receipt_code, sent_bytes, key_id, detail) values ($1, $2, $3, $4, $5, true, $6, $7)`,
      [late.delivery, at.token, ATTEMPT.code('permanent'), late.code, late.receiptCode, sealed?.keyId ?? null, sealed?.bytes ?? null],
    );
    if (!at.awaited) return 'recorded';
    await holdHandedOver(tx, late.delivery, late.code, false);
    return 'held';
  });
