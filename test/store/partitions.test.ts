import { ensurePartitions, keepPartitions } from '../../store/partitions.ts';
import { type TestDatabase, testDatabase } from '../support/database.ts';

describe('partitions', () => {
  let db: TestDatabase;
  beforeAll(async () => {
    db = await testDatabase();
  });
  afterAll(() => db.close());

  const upTo = async (table: string): Promise<number> =>
    (
      await db.database.query<{ n: number }>(
        "select max(substring(c.relname from '_p(\\d+)$')::int) as n from pg_inherits i join pg_class c on c.oid = i.inhrelid where i.inhparent = $1::regclass",
        [table],
      )
    )[0]?.n ?? -1;

  it('lie three ahead of the ids in use, for every table of the family', async () => {
    await db.database.query("select setval('message_id', 7300000), setval('delivery_id', 2000000)");
    await Promise.all(Array.from({ length: 4 }, () => ensurePartitions(db.database)));
    for (const table of ['message', 'message_outcome', 'message_part', 'issue', 'decision'])
      expect([table, await upTo(table)]).toEqual([table, 10]);
    for (const table of ['delivery', 'payload']) expect([table, await upTo(table)]).toEqual([table, 5]);
  });

  it('are made while messages come in', async () => {
    await db.database.query("select setval('message_id', 9000000)");
    const kept = await keepPartitions(db.database);
    await kept.stop();
    expect(await upTo('message')).toBe(12);
  });
});
