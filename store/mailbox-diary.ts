import type { MailboxDiary } from '../records/far-side.ts';
import type { Database } from './pool.ts';

const COLUMN = { handshake: 'handshake_at', poll: 'polled_at' } as const;

/** When mailboxes were greeted and looked into, by the database's clock: a daemon that takes one over goes on where the other was. */
export const createMailboxDiary = (database: Database): MailboxDiary => ({
  read: async (mailbox) => {
    const [row] = await database.query<{ handshake: number | null; poll: number | null }>(
      `select (extract(epoch from clock_timestamp() - handshake_at) * 1000)::float8 as handshake,
         (extract(epoch from clock_timestamp() - polled_at) * 1000)::float8 as poll
       from mailbox where name = $1`,
      [mailbox],
      { name: 'mailbox-read' },
    );
    return { sinceHandshakeMs: row?.handshake ?? null, sincePollMs: row?.poll ?? null };
  },
  note: async (mailbox, what) => {
    const column = COLUMN[what];
    await database.query(
      `insert into mailbox (name, ${column}) values ($1, clock_timestamp()) on conflict (name) do update set ${column} = excluded.${column}`,
      [mailbox],
      { name: `mailbox-${what}` },
    );
  },
});
