import type { DeliveryId } from '../../records/ids.ts';
import { audit, type Operator } from '../audit.ts';
import type { Database } from '../pool.ts';
import type { Vault } from '../vault.ts';
import { openWords } from './far-receipts.ts';
import { attemptPlace } from './turn.ts';
import { listAttempts, listReceipts } from './views.ts';

/** The receiver's own words at each attempt and in each receipt, oldest first. Who looked, and why, is audited before they are handed out. */
export const revealReplies = async (
  database: Database,
  vault: Vault,
  delivery: DeliveryId,
  operator: Operator,
): Promise<readonly { readonly at: Date; readonly text: string }[]> => {
  const [attempts, receipts] = await Promise.all([listAttempts(database, delivery), listReceipts(database, delivery)]);
  await audit(database, vault, operator, 'delivery reveal', `delivery ${delivery}`);
  const said = [
    ...attempts.flatMap(({ at, token, keyId, detail }) =>
      keyId === null || detail === null
        ? []
        : [{ at, text: vault.unseal(keyId, detail, attemptPlace({ delivery, token })).toString('utf8') }],
    ),
    ...receipts.flatMap(({ at, stage, reference, keyId, words }) =>
      keyId === null || words === null ? [] : [{ at, text: openWords(vault, { delivery, stage, reference, keyId, words }) }],
    ),
  ];
  return said.sort((a, b) => a.at.getTime() - b.at.getTime());
};
