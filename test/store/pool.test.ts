import { CommitUnknown, isContention, isUnavailable, openDatabase, StoreError } from '../../store/pool.ts';
import { retryTransaction } from '../../store/retry.ts';
import { type TestDatabase, testDatabase } from '../support/database.ts';
import { type StoreProxy, storeProxy } from '../support/store-proxy.ts';

const failureOf = async (promise: Promise<unknown>): Promise<unknown> => {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error('nothing failed');
};

describe('the pool', () => {
  let db: TestDatabase;
  let proxy: StoreProxy;
  beforeAll(async () => {
    db = await testDatabase();
    await db.database.query('create table probe (id int primary key, body bytea)');
    proxy = await storeProxy(db.target);
  });
  afterAll(async () => {
    await proxy.close();
    await db.close();
  });
  beforeEach(async () => {
    proxy.mode = 'forward';
    await db.database.query('truncate probe');
  });

  const ids = async (): Promise<number[]> =>
    (await db.database.query<{ id: number }>('select id from probe order by id')).map((row) => row.id);

  it('gives bigints and counts as numbers, dates as days, bytes as they were', async () => {
    const body = Buffer.from([0, 1, 254, 255]);
    const rows = await db.database.query(
      "select 2::int8 ^ 40 as f, 1099511627776::int8 as big, sum(3::int8) as sum, date '2026-03-29' as day, $1::bytea as body, array[1,null]::int8[] as list",
      [body],
    );
    expect(rows).toEqual([{ f: 2 ** 40, big: 2 ** 40, sum: 3, day: '2026-03-29', body, list: [1, null] }]);
  });

  it('by index never reads a table through, however small it was when the plan was made', async () => {
    const plan = async (database: typeof db.database): Promise<string> => {
      const rows = await database.query<{ 'QUERY PLAN': string }>(
        "explain update person p set version = 2 from unnest('{1,2}'::int8[]) w(id) where p.id = w.id",
      );
      return rows.map((row) => row['QUERY PLAN']).join('\n');
    };
    await db.database.query('insert into person select from generate_series(1, 3)');
    await db.database.query('analyze person');
    expect(await plan(db.database)).toMatch(/Seq Scan on person/);
    expect(await plan(db.open({ plans: 'by-index' }))).toMatch(/Index Scan using person_pkey/);
  });

  it('refuses a bigint that a number cannot hold', async () => {
    await expect(db.database.query('select 9007199254740993::int8 as big')).rejects.toThrow();
  });

  it('sends statements of a transaction without waiting for the one before', async () => {
    await db.database.inTransaction(async (tx) => {
      await Promise.all([1, 2, 3].map((id) => tx.query('insert into probe values ($1)', [id], 'probe-insert')));
    });
    expect(await ids()).toEqual([1, 2, 3]);
  });

  it('undoes everything when the work throws, and when a statement fails that nobody awaited', async () => {
    await expect(
      db.database.inTransaction(async (tx) => {
        await tx.query('insert into probe values (1)');
        throw new Error('changed my mind');
      }),
    ).rejects.toThrow('changed my mind');
    const unawaited = await failureOf(
      db.database.inTransaction(async (tx) => {
        await tx.query('insert into probe values (1)');
        void tx.query('insert into probe values (1)');
      }),
    );
    expect(unawaited).toBeInstanceOf(StoreError);
    expect(isContention(unawaited)).toBe(true);
    expect(await ids()).toEqual([]);
  });

  it('says why the first statement failed, not that the transaction was aborted', async () => {
    const error = await failureOf(
      db.database.inTransaction(async (tx) => {
        void tx.query('insert into probe values (1), (1)');
        await tx.query('select 1');
      }),
    );
    expect(error).toMatchObject({ state: '23505', constraint: 'probe_pkey' });
  });

  it('goes on after a failed statement was rolled back to its savepoint', async () => {
    await db.database.inTransaction(async (tx) => {
      await tx.query('insert into probe values (1)');
      await tx.query('savepoint s');
      await expect(tx.query('insert into probe values (1)')).rejects.toThrow(StoreError);
      await tx.query('rollback to savepoint s');
      await tx.query('insert into probe values (2)');
    });
    expect(await ids()).toEqual([1, 2]);
  });

  it('never puts values into an error', async () => {
    const error = await failureOf(db.database.query('select $1::int', ['9990000018']));
    expect(JSON.stringify(error, Object.getOwnPropertyNames(error))).not.toContain('9990000018');
    await db.database.query('insert into probe values (77)');
    const twice = await failureOf(db.database.query('insert into probe values ($1)', [77]));
    expect(String(twice)).toContain('probe_pkey');
    expect(String(twice)).not.toContain('77');
  });

  it('★ reports an unanswered COMMIT as unknown, and nothing else', async () => {
    const pool = openDatabase(proxy.target, { max: 1 });
    try {
      const committing = pool.inTransaction(async (tx) => {
        await tx.query('insert into probe values (1)');
        proxy.mode = 'cut-replies';
      });
      expect(await failureOf(committing)).toBeInstanceOf(CommitUnknown);
      proxy.mode = 'forward';
      expect(await ids()).toEqual([1]);
      const before = await failureOf(
        pool.inTransaction(async (tx) => {
          await tx.query('select 1');
          proxy.mode = 'cut-replies';
          await tx.query('insert into probe values (2)');
        }),
      );
      expect(before).not.toBeInstanceOf(CommitUnknown);
      expect(isUnavailable(before)).toBe(true);
      proxy.mode = 'forward';
      expect(await ids()).toEqual([1]);
    } finally {
      await pool.close();
    }
  });

  it('★ reports the same of a COMMIT that travels with the statements before it', async () => {
    const pool = openDatabase(proxy.target, { max: 1, statementTimeout: 2_000 });
    try {
      const unanswered = pool.inTransaction(async (tx) => {
        await tx.query('select 1');
        proxy.mode = 'cut-replies';
        const inserted = tx.query('insert into probe values (11)');
        tx.commit();
        await inserted;
      });
      expect(await failureOf(unanswered)).toBeInstanceOf(CommitUnknown);
      proxy.mode = 'forward';
      expect(await db.database.query('select id from probe where id = 11')).toEqual([{ id: 11 }]);
      const refused = pool.inTransaction(async (tx) => {
        const both = [tx.query('insert into probe values (12)'), tx.query('insert into probe values (11)')];
        tx.commit();
        await Promise.all(both);
      });
      expect(await failureOf(refused)).toMatchObject({ state: '23505' });
      expect(await db.database.query('select id from probe where id = 12')).toEqual([]);
      expect(await pool.query('select 1 as one')).toEqual([{ one: 1 }]);
    } finally {
      proxy.mode = 'forward';
      await pool.close();
    }
  });

  it('gives up an answer that never comes, and heals', async () => {
    const pool = openDatabase(proxy.target, { max: 1, statementTimeout: 100 });
    try {
      await pool.query('select 1');
      proxy.mode = 'swallow';
      expect(isUnavailable(await failureOf(pool.query('select 1')))).toBe(true);
      proxy.mode = 'forward';
      expect(await pool.query('select 1 as one')).toEqual([{ one: 1 }]);
    } finally {
      await pool.close();
    }
  });

  it('survives the server cutting idle and checked-out clients', async () => {
    const pool = openDatabase(db.target, { max: 2, applicationName: 'to-be-cut' });
    const cut =
      "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'to-be-cut' and datname = current_database()";
    try {
      await pool.query('select 1');
      await db.database.query(cut);
      const error = await failureOf(
        pool.inTransaction(async (tx) => {
          await tx.query('select 1');
          await db.database.query(cut);
          await new Promise((resolve) => setTimeout(resolve, 50));
          await tx.query('select 1');
        }),
      );
      expect(isUnavailable(error)).toBe(true);
      expect(await pool.query('select 1 as one')).toEqual([{ one: 1 }]);
    } finally {
      await pool.close();
    }
  });

  it('ends a statement at its deadline on the server as well', async () => {
    const error = await failureOf(db.database.inTransaction((tx) => tx.query('select pg_sleep(20)'), { timeout: 100 }));
    expect(error).toMatchObject({ state: '57014' });
  });

  it('runs a transaction again that met another', async () => {
    await db.database.query('insert into probe values (1), (2)');
    let runs = 0;
    let holding = 0;
    let meet = (): void => undefined;
    const both = new Promise<void>((resolve) => {
      meet = resolve;
    });
    const locked = async (first: number, second: number): Promise<void> => {
      await retryTransaction(db.database, async (tx) => {
        runs += 1;
        await tx.query('select 1 from probe where id = $1 for update', [first]);
        holding += 1;
        if (holding === 2) meet();
        // Neither asks for its second row before the other has its first.
        await both;
        await tx.query('select 1 from probe where id = $1 for update', [second]);
      });
    };
    await Promise.all([locked(1, 2), locked(2, 1)]);
    expect(runs).toBeGreaterThan(2);
  });

  it('does not run again what the database refuses for good', async () => {
    let runs = 0;
    const error = await failureOf(
      retryTransaction(db.database, async (tx) => {
        runs += 1;
        await tx.query('select nonsense');
      }),
    );
    expect(runs).toBe(1);
    expect(error).toMatchObject({ code: 'internal', state: '42703' });
  });
});
