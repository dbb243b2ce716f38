import type { MessageId } from '../records/ids.ts';
import { int8s } from './arrays.ts';
import type { Database } from './pool.ts';
import type { Vault } from './vault.ts';

/** A later application answer (enhanced mode), filed by the leader for the daemon that holds the connection (rulings A20). */
export interface FiledReply {
  readonly messageId: MessageId;
  /** MSA-1. */
  readonly code: string;
  readonly bytes: Buffer;
}

/** What a sealed reply is bound to. */
export const replyAad = (messageId: number): string => `reply:${messageId}`;

/** Of the messages whose connections this daemon holds, those that are answered now. */
export const filedReplies = async (database: Database, vault: Vault, waiting: readonly MessageId[]): Promise<readonly FiledReply[]> => {
  if (waiting.length === 0) return [];
  const rows = await database.query<{ message_id: MessageId; code: string; key_id: number; body: Buffer }>(
    'select message_id, code, key_id, body from reply where message_id = any($1::int8[]) and sent_at is null and not given_up order by message_id',
    [int8s(waiting)],
    { name: 'replies-filed' },
  );
  return rows.map((row) => ({
    messageId: row.message_id,
    code: row.code,
    bytes: vault.unseal(row.key_id, row.body, replyAad(row.message_id)),
  }));
};

/** Written to their connections. */
export const markRepliesSent = async (database: Database, ids: readonly MessageId[]): Promise<void> => {
  if (ids.length > 0)
    await database.query('update reply set sent_at = now() where message_id = any($1::int8[]) and sent_at is null', [int8s(ids)], {
      name: 'replies-sent',
    });
};

/** Their connections are gone and the source names no destination for replies: recorded as unsent. */
export const giveUpReplies = async (database: Database, ids: readonly MessageId[]): Promise<void> => {
  if (ids.length > 0)
    await database.query('update reply set given_up = true where message_id = any($1::int8[]) and sent_at is null', [int8s(ids)], {
      name: 'replies-given-up',
    });
};
