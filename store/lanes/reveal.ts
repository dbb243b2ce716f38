import type { DeliveryId } from '../../records/ids.ts';
import { audit, type Operator } from '../audit.ts';
import type { Database } from '../pool.ts';
import type { Vault } from '../vault.ts';
import { attemptPlace } from './turn.ts';
import { listAttempts } from './views.ts';

/** The receiver's own words at each attempt, oldest first. Who looked, and why, is audited before they are handed out. */
export const revealReplies = async (
  database: Database,
  vault: Vault,
  delivery: DeliveryId,
  operator: Operator,
): Promise<readonly { readonly at: Date; readonly text: string }[]> => {
  const attempts = await listAttempts(database, delivery);
  await audit(database, vault, operator, 'delivery reveal', `delivery ${delivery}`);
  return attempts.flatMap(({ at, token, keyId, detail }) =>
    keyId === null || detail === null
      ? []
      : [{ at, text: vault.unseal(keyId, detail, attemptPlace({ delivery, token })).toString('utf8') }],
  );
};
