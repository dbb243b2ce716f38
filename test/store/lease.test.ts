import { ensureLease, fenceLease, LeaseLost, releaseLease, renewLease, takeLease } from '../../store/lease.ts';
import type { Database } from '../../store/pool.ts';
import { type TestDatabase, testDatabase } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';

describe('a lease', () => {
  let db: TestDatabase;
  let one: Database;
  let two: Database;
  beforeAll(async () => {
    db = await testDatabase();
    [one, two] = [db.open(), db.open()];
    await db.database.query('create table written (by int)');
  });
  afterAll(() => db.close());
  beforeEach(async () => {
    await db.database.query("update lease set holder = null, until = '-infinity'");
    await db.database.query('truncate written');
  });

  const take = async (database: Database, daemon: number, milliseconds?: number) => {
    const token = await takeLease(database, 'process', daemon, milliseconds);
    if (token === null) throw new Error('the lease was not free');
    return token;
  };

  it('is one daemon’s at a time, and the token rises at every turn', async () => {
    const first = await take(one, 1);
    expect(await takeLease(two, 'process', 2)).toBeNull();
    await releaseLease(one, 'process', 1, first);
    expect(await take(two, 2)).toBe(first + 1);
  });

  it('goes to exactly one of many that ask at once', async () => {
    const tokens = await Promise.all(Array.from({ length: 10 }, (_, n) => takeLease(n % 2 === 0 ? one : two, 'process', n + 1)));
    expect(tokens.filter((token) => token !== null)).toHaveLength(1);
  });

  it('runs out when it is not renewed, and is kept while it is', async () => {
    const token = await take(one, 1, 300);
    expect(await renewLease(one, 'process', 1, token, 60_000)).toBe(true);
    expect(await takeLease(two, 'process', 2)).toBeNull();
    expect(await renewLease(one, 'process', 1, token, 50)).toBe(true);
    const next = await eventually(
      () => takeLease(two, 'process', 2),
      (t) => t !== null,
    );
    expect(next).toBe(token + 1);
    expect(await renewLease(one, 'process', 1, token)).toBe(false);
  });

  it('★ lets a deposed holder commit nothing', async () => {
    const token = await take(one, 1, 1);
    await eventually(
      () => takeLease(two, 'process', 2),
      (t) => t !== null,
    );
    const batch = one.inTransaction(async (tx) => {
      await fenceLease(tx, 'process', 1, token);
      await tx.query('insert into written values (1)');
    });
    await expect(batch).rejects.toThrow(LeaseLost);
    expect(await db.database.query('select * from written')).toEqual([]);
  });

  it('★ cannot be taken while a batch of its holder is open, however old', async () => {
    const token = await take(one, 1, 1);
    let taken: Promise<unknown> = Promise.resolve();
    let early = false;
    await one.inTransaction(async (tx) => {
      await fenceLease(tx, 'process', 1, token, 1);
      await tx.query('insert into written values (1)');
      taken = takeLease(two, 'process', 2).then((t) => {
        early = t !== null;
        return t;
      });
      await new Promise((resolve) => setTimeout(resolve, 300));
      expect(early).toBe(false);
    });
    // Once it is open to others again, what it wrote is there.
    await taken;
    await eventually(
      () => takeLease(two, 'process', 2),
      (t) => t !== null,
    );
    expect(await two.query('select by from written')).toEqual([{ by: 1 }]);
  });

  it('★ goes by the database’s clock: a daemon whose own clock runs ahead gains nothing', async () => {
    await take(one, 1);
    const real = Date.now;
    Date.now = () => real() + 3_600_000;
    try {
      expect(await takeLease(two, 'process', 2)).toBeNull();
    } finally {
      Date.now = real;
    }
  });

  it('is only given up by its holder, under its own token', async () => {
    const token = await take(one, 1);
    const again = await take(one, 1);
    expect(again).toBe(token + 1);
    await releaseLease(one, 'process', 1, token);
    expect(await takeLease(two, 'process', 2)).toBeNull();
  });

  it('may be named at run time', async () => {
    await Promise.all([ensureLease(one, 'mailbox:X26'), ensureLease(two, 'mailbox:X26')]);
    expect(await takeLease(one, 'mailbox:X26', 1)).toBe(1);
    expect(await takeLease(two, 'mailbox:X26', 2)).toBeNull();
  });
});
