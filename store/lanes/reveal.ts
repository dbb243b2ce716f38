import type { DeliveryId } from '../../records/ids.ts';
import type { Database } from '../pool.ts';
import type { Vault } from '../vault.ts';
import type { Operator } from './operator.ts';
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
  const subject = `delivery ${delivery}`;
  const sealed = vault.seal(Buffer.from(operator.why, 'utf8'), `audit:delivery reveal:${subject}`);
  await database.query('insert into audit (who, action, subject, key_id, why) values ($1, $2, $3, $4, $5)', [
    operator.who,
    'delivery reveal',
    subject,
    sealed.keyId,
    sealed.bytes,
  ]);
  return attempts.flatMap(({ at, token, keyId, detail }) =>
    keyId === null || detail === null
      ? []
      : [{ at, text: vault.unseal(keyId, detail, attemptPlace({ delivery, token })).toString('utf8') }],
  );
};
