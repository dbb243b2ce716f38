import { setTimeout as sleep } from 'node:timers/promises';
import type { LateAnswer } from '../adapters/mllp/outbound.ts';
import type { FiledHead } from '../records/process.ts';
import { refuseLate } from '../store/lanes/late-refusal.ts';
import { confirmDelivery } from '../store/lanes/operator.ts';
import type { Database } from '../store/pool.ts';
import type { Vault } from '../store/vault.ts';

export interface LateAnswerParts {
  readonly database: Database;
  readonly vault: Vault;
  readonly onHeads: (heads: readonly FiledHead[]) => void;
}

/** A receiver may answer CA and AA in one packet: the first is still on its way to the store when the second comes. */
const WAITS_MS = [50, 200, 1_000, 5_000] as const;

/** What a receiver says after it had taken a delivery over: AA confirms it, anything else is on record, and holds a lane that waited for it. */
export const takeLateAnswer = async (parts: LateAnswerParts, late: LateAnswer): Promise<void> => {
  for (const wait of [...WAITS_MS, null]) {
    if (await filed(parts, late)) return;
    if (wait === null) return;
    await sleep(wait, undefined, { ref: false });
  }
};

/** False where the hand-over is not filed yet. */
const filed = async ({ database, vault, onHeads }: LateAnswerParts, { delivery, code, reply }: LateAnswer): Promise<boolean> => {
  if (code === 'AA') {
    const { outcome, heads } = await confirmDelivery(database, vault, delivery, code);
    if (heads.length > 0) onHeads(heads);
    return outcome !== 'not-possible';
  }
  const refused = { delivery, code: code === 'AE' || code === 'CE' ? 'answer-error' : 'answer-reject', receiptCode: code, reply } as const;
  return (await refuseLate(database, vault, refused)) !== 'early';
};
