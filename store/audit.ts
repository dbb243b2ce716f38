import type { HoldId } from '../records/ids.ts';
import type { Database, Transaction } from './pool.ts';
import type { Vault } from './vault.ts';

/** Who asks for it, and why: the reason is sealed, everything else is in clear. */
export interface Operator {
  readonly who: string;
  readonly why: string;
}

/** Keeps who did what to which thing, and why; the reason may name a patient, so it is sealed. For ever: no retention reaches it. */
export const audit = async (
  tx: Pick<Transaction | Database, 'query'>,
  vault: Vault,
  operator: Operator,
  action: string,
  subject: string,
): Promise<void> => {
  const sealed = vault.seal(Buffer.from(operator.why, 'utf8'), `audit:${action}:${subject}`);
  await tx.query('insert into audit (who, action, subject, key_id, why) values ($1, $2, $3, $4, $5)', [
    operator.who,
    action,
    subject,
    sealed.keyId,
    sealed.bytes,
  ]);
};

/** Closes holds that the caller has locked. */
export const closeHolds = async (
  tx: Transaction,
  vault: Vault,
  operator: Operator,
  open: readonly { readonly id: HoldId }[],
  done: 'released' | 'withdrawn',
): Promise<void> => {
  for (const { id } of open) {
    const sealed = vault.seal(Buffer.from(operator.why, 'utf8'), `hold:${id}`);
    await tx.query('update hold set done = $2, done_by = $3, done_at = now(), key_id = $4, why = $5 where id = $1', [
      id,
      done,
      operator.who,
      sealed.keyId,
      sealed.bytes,
    ]);
  }
};
