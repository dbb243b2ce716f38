import type { DeliveryId, HoldId, MessageId } from '../records/ids.ts';
import { OUTCOME } from '../records/states.ts';
import { audit, closeHolds, type Operator } from './audit.ts';
import type { Database, Transaction } from './pool.ts';
import { retryTransaction } from './retry.ts';
import type { Vault } from './vault.ts';

export type HoldAct =
  | { readonly outcome: 'done'; readonly message: MessageId }
  /** The hold is of a delivery: its lane decides. */
  | { readonly outcome: 'delivery'; readonly delivery: DeliveryId }
  | { readonly outcome: 'unknown' | 'closed' };

interface HoldLine {
  readonly message: MessageId | null;
  readonly part: number | null;
  readonly delivery: DeliveryId | null;
  readonly done: string | null;
}

/**
 * Closes every open hold of the part and puts the message back among the unprocessed, in one transaction (ruling A14). The leader runs its
 * held parts again, now.
 */
export const releaseMessageHold = (database: Database, vault: Vault, id: HoldId, operator: Operator): Promise<HoldAct> =>
  closing(database, id, async (tx, message, part) => {
    await close(tx, vault, message, part, 'released', operator);
    const before = await tx.query<{ source_id: number }>('delete from message_outcome where message_id = $1 returning source_id', [
      message,
    ]);
    const source =
      before[0]?.source_id ??
      (await tx.query<{ source_id: number }>('select source_id from message where id = $1', [message]))[0]?.source_id;
    // A message whose control id was reused was never processed: it has no parts yet, and all of it runs.
    const parts = await tx.query('select 1 as one from message_part where message_id = $1 limit 1', [message]);
    await tx.query('insert into message_todo (message_id, source_id, again) values ($1, $2, $3) on conflict do nothing', [
      message,
      source,
      parts.length > 0,
    ]);
    await audit(tx, vault, operator, 'hold release', `hold ${id}`);
  });

/** Nothing of the held part is used: it is ignored from now on, for the operator's reason. */
export const withdrawMessageHold = (database: Database, vault: Vault, id: HoldId, operator: Operator): Promise<HoldAct> =>
  closing(database, id, async (tx, message, part) => {
    await close(tx, vault, message, part, 'withdrawn', operator);
    await tx.query(
      `update message_part set outcome = ${OUTCOME.code('ignored')}, reason = 'withdrawn' where message_id = $1 and part = $2`,
      [message, part],
    );
    const left = await tx.query(`select 1 as one from message_part where message_id = $1 and outcome = ${OUTCOME.code('held')} limit 1`, [
      message,
    ]);
    if (left.length === 0) {
      await tx.query(
        `update message_outcome set reason = case when exists (select 1 from message_part p where p.message_id = $1 and p.outcome = ${OUTCOME.code('processed')}) then null else 'withdrawn' end,
           rule = coalesce(rule, 'operator'),
           outcome = case when exists (select 1 from message_part p where p.message_id = $1 and p.outcome = ${OUTCOME.code('processed')}) then ${OUTCOME.code('processed')} else ${OUTCOME.code('ignored')} end
         where message_id = $1`,
        [message],
      );
    }
    await audit(tx, vault, operator, 'hold withdraw', `hold ${id}`);
  });

const closing = (
  database: Database,
  id: HoldId,
  act: (tx: Transaction, message: MessageId, part: number) => Promise<void>,
): Promise<HoldAct> =>
  retryTransaction(database, async (tx): Promise<HoldAct> => {
    const [line] = await tx.query<HoldLine>(
      'select message_id as message, part, delivery_id as delivery, done from hold where id = $1 for update',
      [id],
    );
    if (line === undefined) return { outcome: 'unknown' };
    if (line.done !== null) return { outcome: 'closed' };
    if (line.delivery !== null) return { outcome: 'delivery', delivery: line.delivery };
    if (line.message === null) return { outcome: 'unknown' };
    await act(tx, line.message, line.part ?? 1);
    return { outcome: 'done', message: line.message };
  });

const close = async (
  tx: Transaction,
  vault: Vault,
  message: MessageId,
  part: number,
  done: 'released' | 'withdrawn',
  operator: Operator,
): Promise<void> => {
  const open = await tx.query<{ id: HoldId }>(
    'select id from hold where message_id = $1 and coalesce(part, 1) = $2 and delivery_id is null and done is null order by id for update',
    [message, part],
  );
  await closeHolds(tx, vault, operator, open, done);
};

/** Facts of one hold for the person who looks at it: what has left its patient's way meanwhile, and why it was closed. */
export const holdFacts = async (
  database: Database,
  vault: Vault,
  id: HoldId,
): Promise<{ readonly leftMeanwhile: number; readonly closedWhy: string | null }> => {
  const [row] = await database.query<{ left: number; key_id: number | null; why: Buffer | null }>(
    `select h.key_id, h.why, (select count(*)::int from delivery d where d.person_id = coalesce(h.person_id, l.person_id) and d.done > h.opened and d.state in (1, 2, 4)) as left
     from hold h left join lane l on l.id = h.lane_id where h.id = $1`,
    [id],
    { timeout: 5_000 },
  );
  if (row === undefined) return { leftMeanwhile: 0, closedWhy: null };
  return {
    leftMeanwhile: row.left,
    closedWhy: row.why === null || row.key_id === null ? null : vault.unseal(row.key_id, row.why, `hold:${id}`).toString('utf8'),
  };
};
