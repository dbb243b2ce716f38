import { checkSchema, type Migration, migrate, readMigrations, SchemaMismatch } from '../../store/migrate.ts';
import { openDatabase } from '../../store/pool.ts';
import { type TestDatabase, testDatabase } from '../support/database.ts';

const named = (name: string, text: string): Migration => ({ name, text, checksum: `sum of ${text}` });

/** Another schema of the same database stands for an empty one. */
describe('migrations', () => {
  let db: TestDatabase;
  beforeAll(async () => {
    db = await testDatabase();
  });
  afterAll(() => db.close());

  const fresh = (schema: string) => db.open({ schema, max: 1 });
  const first = named('0001-first', 'create table a (id int)');
  const second = named('0002-second', 'create table b (id int); insert into b values (1)');

  it('run once each, in order, and say which they were', async () => {
    const pool = fresh('m1');
    expect(await migrate(pool, [first], 'm1')).toEqual(['0001-first']);
    expect(await migrate(pool, [first, second], 'm1')).toEqual(['0002-second']);
    expect(await migrate(pool, [first, second], 'm1')).toEqual([]);
    expect(await pool.query('select id from b')).toEqual([{ id: 1 }]);
  });

  it('let twenty daemons start at once', async () => {
    const all = await readMigrations();
    const pools = Array.from({ length: 20 }, () => openDatabase(db.target, { schema: 'm20', max: 1, connectTimeout: 30_000 }));
    try {
      const ran = await Promise.all(pools.map((pool) => migrate(pool, all, 'm20')));
      expect(ran.filter((names) => names.length > 0)).toEqual([all.map((m) => m.name)]);
      expect(await pools[0]?.query('select count(*) as n from migration')).toEqual([{ n: all.length }]);
    } finally {
      await Promise.all(pools.map((pool) => pool.close()));
    }
  });

  it('leave nothing behind when one fails', async () => {
    const pool = fresh('m2');
    await expect(migrate(pool, [first, named('0002-bad', 'create table c (id int); select nonsense')], 'm2')).rejects.toThrow('nonsense');
    expect(await pool.query("select table_name from information_schema.tables where table_schema = 'm2'")).toEqual([]);
  });

  it('are refused when one that was applied has been edited', async () => {
    const pool = fresh('m3');
    await migrate(pool, [first, second], 'm3');
    const edited = { ...first, checksum: 'another' };
    await expect(migrate(pool, [edited, second], 'm3')).rejects.toThrow('0001-first was edited');
    await expect(checkSchema(pool, [edited, second])).rejects.toThrow(SchemaMismatch);
  });

  it('are refused when the database is newer than the program', async () => {
    const pool = fresh('m4');
    await migrate(pool, [first, second], 'm4');
    await expect(migrate(pool, [first], 'm4')).rejects.toThrow('0002-second, which this version of the program does not know');
  });

  it('are refused when one comes too late', async () => {
    const pool = fresh('m5');
    await migrate(pool, [second], 'm5');
    await expect(migrate(pool, [first, second], 'm5')).rejects.toThrow('0001-first would run after 0002-second');
  });

  it('tell a verb that must not change the schema what is lacking', async () => {
    const pool = fresh('m6');
    await expect(checkSchema(pool, [first])).rejects.toThrow('lacks 0001-first');
    await migrate(pool, [first], 'm6');
    await expect(checkSchema(pool, [first])).resolves.toBeUndefined();
  });
});
