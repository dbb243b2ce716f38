import { createMailboxDiary } from '../../store/mailbox-diary.ts';
import { type TestDatabase, testDatabase } from '../support/database.ts';

describe('the diary of mailboxes', () => {
  let db: TestDatabase;
  beforeAll(async () => {
    db = await testDatabase();
  });
  afterAll(() => db.close());

  it('knows nothing of a mailbox never looked into', async () => {
    expect(await createMailboxDiary(db.database).read('X26OT001')).toEqual({ sinceHandshakeMs: null, sincePollMs: null });
  });

  it('keeps each mailbox’s greeting and look apart, and tells another daemon how long ago they were', async () => {
    const diary = createMailboxDiary(db.database);
    await diary.note('X26OT002', 'handshake');
    await diary.note('X26OT003', 'poll');
    const other = createMailboxDiary(db.open());
    const greeted = await other.read('X26OT002');
    expect(greeted).toEqual({ sinceHandshakeMs: expect.any(Number), sincePollMs: null });
    expect(greeted.sinceHandshakeMs).toBeGreaterThanOrEqual(0);
    expect(await other.read('X26OT003')).toEqual({ sinceHandshakeMs: null, sincePollMs: expect.any(Number) });
  });

  it('counts from the last time, by the clock of the database', async () => {
    const diary = createMailboxDiary(db.database);
    await diary.note('X26OT004', 'poll');
    await db.database.query(
      "update mailbox set polled_at = polled_at - interval '1 hour', handshake_at = now() - interval '1 day' where name = 'X26OT004'",
    );
    const before = await diary.read('X26OT004');
    expect(before.sincePollMs).toBeGreaterThanOrEqual(3_600_000);
    expect(before.sinceHandshakeMs).toBeGreaterThanOrEqual(86_400_000);
    await diary.note('X26OT004', 'poll');
    const after = await diary.read('X26OT004');
    expect(after.sincePollMs).toBeLessThan(3_600_000);
    expect(after.sinceHandshakeMs).toBeGreaterThanOrEqual(86_400_000);
  });
});
