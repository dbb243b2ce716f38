import { folderLease } from '../../adapters/mesh-folder/inbound.ts';
import { brandAs, type SourceName, type Token } from '../../records/ids.ts';
import { silent } from '../../records/telemetry.ts';
import { takeLease } from '../../store/lease.ts';
import { createLeases, type LeaseKeeper } from '../../store/leases.ts';
import { type Database, openDatabase } from '../../store/pool.ts';
import { type TestDatabase, testDatabase } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import { storeProxy } from '../support/store-proxy.ts';

describe('the leases of a daemon', () => {
  let db: TestDatabase;
  const open: LeaseKeeper[] = [];
  beforeAll(async () => {
    db = await testDatabase();
  });
  afterAll(() => db.close());
  afterEach(async () => {
    await Promise.all(open.splice(0).map((keeper) => keeper.close()));
  });

  const leases = (daemon: number, milliseconds = 60_000, database: Database = db.database): LeaseKeeper => {
    const made = createLeases({ database, daemon, milliseconds, telemetry: silent });
    open.push(made);
    return made;
  };
  const taken = async (keeper: LeaseKeeper, name: string) => {
    const lease = await keeper.take(name);
    if (lease === null) throw new Error(`${name} was not free`);
    return lease;
  };
  const until = async (name: string): Promise<number> =>
    (await db.database.query<{ until: Date }>('select until from lease where name = $1', [name]))[0]?.until.getTime() ?? 0;

  it('gives a mailbox never seen before to one daemon, and to the next when it is given back', async () => {
    const [one, two] = [leases(1), leases(2)];
    const lease = await taken(one, 'mailbox:A');
    expect(await two.take('mailbox:A')).toBeNull();
    await taken(two, 'mailbox:B');
    await lease.release();
    expect(lease.lost.aborted).toBe(false);
    expect((await taken(two, 'mailbox:A')).token).toBe(lease.token + 1);
  });

  it('gives the folders of a MESH client to one daemon, under the name their source asks for', async () => {
    const name = folderLease(brandAs<SourceName>('legacy'));
    const lease = await taken(leases(1), name);
    expect(await leases(2).take(name)).toBeNull();
    await lease.release();
  });

  it('★ renews all it has in the background, each for longer than it lasts by itself', async () => {
    const [one, two] = [leases(1, 600), leases(2, 600)];
    const held = await Promise.all(['mailbox:R1', 'mailbox:R2', 'mailbox:R3'].map((name) => taken(one, name)));
    const first = await Promise.all(held.map(({ name }) => until(name)));
    await eventually(
      () => Promise.all(held.map(({ name }) => until(name))),
      (now) => now.every((at, n) => at > (first[n] ?? 0) + 1200),
    );
    for (const { name, lost } of held) {
      expect(lost.aborted).toBe(false);
      expect(await two.take(name)).toBeNull();
    }
  });

  it('★ tells the holder when another has it by now', async () => {
    const one = leases(1, 300);
    const lease = await taken(one, 'mailbox:T');
    const other = await taken(one, 'mailbox:T2');
    await db.database.query("update lease set holder = 2, token = token + 1, until = 'infinity' where name = 'mailbox:T'");
    await eventually(() => lease.lost.aborted);
    expect(other.lost.aborted).toBe(false);
    // What is lost is not given back: it is the other's.
    await lease.release();
    expect(await takeLease(db.database, 'mailbox:T', 3)).toBeNull();
  });

  it('★ tells the holder when it could not be renewed in time, whatever became of it', async () => {
    const proxy = await storeProxy(db.target);
    const through = openDatabase(proxy.target, { max: 2, statementTimeout: 200, connectTimeout: 200 });
    const one = leases(1, 500, through);
    try {
      const lease = await taken(one, 'mailbox:S');
      proxy.mode = 'swallow';
      await eventually(() => lease.lost.aborted);
      const next = await eventually(
        () => leases(2).take('mailbox:S'),
        (other) => other !== null,
      );
      expect(next?.token).toBe(lease.token + 1);
    } finally {
      proxy.mode = 'forward';
      await one.close();
      await through.close();
      await proxy.close();
    }
  });

  it('takes over from itself when a source is opened anew: the old one has lost it', async () => {
    const one = leases(1);
    const before = await taken(one, 'mailbox:O');
    const after = await taken(one, 'mailbox:O');
    expect([before.lost.aborted, after.lost.aborted]).toEqual([true, false]);
    expect(after.token).toBe(brandAs<Token>(before.token + 1));
  });

  it('gives all back when the daemon stops, and takes none any more', async () => {
    const one = leases(1);
    await Promise.all(['mailbox:C1', 'mailbox:C2'].map((name) => taken(one, name)));
    await one.close();
    expect(await one.take('mailbox:C1')).toBeNull();
    const two = leases(2);
    for (const name of ['mailbox:C1', 'mailbox:C2']) await taken(two, name);
  });

  it('is of mailboxes alone', async () => {
    await expect(leases(1).take('process')).rejects.toThrow(RangeError);
  });
});
