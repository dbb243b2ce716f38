import type { MessageId, Token } from '../../records/ids.ts';
import { releaseLease, renewLease, takeLease } from '../lease.ts';
import type { Database } from '../pool.ts';

/** Lease 'process' as the leader uses it. A lease that ran out under another daemon tells of a leader that died. */
export const createLeaderLease = (database: Database, daemon: number, milliseconds: number) => ({
  take: async (): Promise<{ token: Token; clean: boolean } | null> => {
    const [row] = await database.query<{ holder: number | null }>("select holder from lease where name = 'process'", [], {
      name: 'lease-holder',
    });
    const token = await takeLease(database, 'process', daemon, milliseconds);
    return token === null ? null : { token, clean: row?.holder == null || row.holder === daemon };
  },
  renew: (token: Token): Promise<boolean> => renewLease(database, 'process', daemon, token, milliseconds),
  release: (token: Token): Promise<void> => releaseLease(database, 'process', daemon, token),
});

/** The oldest unprocessed messages. */
export const firstUnprocessed = (
  database: Database,
  limit: number,
): Promise<readonly { readonly id: MessageId; readonly tries: number }[]> =>
  database.query('select message_id as id, tries from message_todo order by message_id limit $1', [limit]);
