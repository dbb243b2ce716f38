import { ThroughcareError } from '../../records/faults.ts';
import type { DeliveryId } from '../../records/ids.ts';
import type { ClaimedDelivery } from '../../records/lanes.ts';
import type { Database, Transaction } from '../pool.ts';
import { untilClear } from './contention.ts';
import type { FarSends } from './outbound.ts';

/** What the far side calls deliveries that are being sent to it (MESH message ids). */
export const farSends = (database: Database): FarSends => ({
  present: async ({ delivery }) => {
    const [row] = await database.query<{ farId: string | null }>(
      'select far_id as "farId" from far_message where delivery_id = $1 and present',
      [delivery],
      { name: 'far-present' },
    );
    return row?.farId ?? null;
  },
  note: async ({ lane, delivery, token, destination }: ClaimedDelivery, farId) => {
    const [row] = await untilClear(() =>
      database.query<{ noted: boolean }>('select far_note($1, $2, $3, $4, $5) as noted', [lane, delivery, token, destination, farId], {
        name: 'far-note',
      }),
    );
    if (row?.noted !== true) throw new ThroughcareError('claim-expired');
  },
});

/** The next send is a new one: what was sent before is no longer gone on with, and nothing more is waited for. The lane is locked. */
export const endSend = async (tx: Transaction, delivery: DeliveryId): Promise<void> => {
  await tx.query('update far_message set present = false, watched = false where delivery_id = $1 and present', [delivery], 'far-end-send');
};
