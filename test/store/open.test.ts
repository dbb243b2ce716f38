import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { findPostmaster, stopPostmaster } from '../../store/embedded/postmaster.ts';
import { makeKeys, showKeys } from '../../store/keys.ts';
import { type OpenStore, openStore, type StoreSettings } from '../../store/open.ts';
import { connectionUrl } from '../../store/pool.ts';
import { testDatabase } from '../support/database.ts';
import { type Disposable, temporaryFolder } from '../support/temp.ts';

describe('opening the store', () => {
  let folder: Disposable;
  let data: string;
  const open: OpenStore[] = [];
  beforeEach(async () => {
    folder = await temporaryFolder();
    data = join(folder.path, 'data');
  });
  afterEach(async () => {
    await Promise.all(open.splice(0).map((store) => store.close()));
    await stopPostmaster(join(data, 'postgres'), 1_000);
    await folder.remove();
  });
  const start = async (settings: Partial<StoreSettings> = {}): Promise<OpenStore> => {
    const store = await openStore({ data, ...settings });
    open.push(store);
    return store;
  };
  const stop = async (): Promise<void> => {
    await Promise.all(open.splice(0).map((store) => store.close()));
  };

  it('makes an embedded server, its schema and its keys, and finds them again', async () => {
    const first = await start();
    expect(first.migrated.length).toBeGreaterThan(3);
    expect((await stat(join(data, 'keys'))).mode & 0o777).toBe(0o600);
    const sealed = first.vault.seal(Buffer.from('kept'), 'here');
    await stop();
    expect(findPostmaster(join(data, 'postgres'))).toBeUndefined();
    const second = await start();
    expect(second.migrated).toEqual([]);
    expect(second.vault.unseal(sealed.keyId, sealed.bytes, 'here').toString()).toBe('kept');
  });

  it('lets two daemons begin at once on an empty folder, with the same keys', async () => {
    const [one, two] = await Promise.all([start(), start()]);
    const sealed = one.vault.seal(Buffer.from('kept'), 'here');
    expect(two.vault.unseal(sealed.keyId, sealed.bytes, 'here').toString()).toBe('kept');
  });

  it('★ refuses a wrong key file, and never makes a new one for a database that has keys', async () => {
    await start();
    await stop();
    const right = await readFile(join(data, 'keys'), 'utf8');
    await writeFile(join(data, 'keys'), showKeys(makeKeys()));
    await expect(start()).rejects.toThrow(/is not the one this database was written with/);
    await rm(join(data, 'keys'));
    await expect(start()).rejects.toThrow(/keys is missing/);
    expect(existsSync(join(data, 'keys'))).toBe(false);
    await expect(start({ keys: 'rubbish' })).rejects.toThrow('key 1 is not of the form');
    await expect(start({ keys: right })).resolves.toBeDefined();
    await stop();
    expect(findPostmaster(join(data, 'postgres'))).toBeUndefined();
  });

  it('★ never starts a server beside a configured one, and says clearly when that cannot be reached', async () => {
    const password = randomBytes(6).toString('hex');
    const failure = start({ url: `postgresql://user:${password}@127.0.0.1:1/throughcare` });
    await expect(failure).rejects.toThrow('the PostgreSQL at 127.0.0.1:1/throughcare cannot be reached');
    await expect(failure).rejects.not.toThrow(password);
    expect(existsSync(data)).toBe(false);
  });

  it('uses a configured server, which must be given its keys', async () => {
    const db = await testDatabase();
    await db.database.query('truncate key_check');
    const url = connectionUrl(db.target);
    try {
      await expect(start({ url })).rejects.toThrow('a configured PostgreSQL needs store.keys');
      const store = await start({ url, keys: showKeys(makeKeys()) });
      expect(store.embedded).toBeUndefined();
      expect(await store.database.query('select count(*) as n from message')).toEqual([{ n: 0 }]);
      await stop();
    } finally {
      await db.close();
    }
  });

  it('changes no schema for a verb that must not', async () => {
    await expect(start({ migrate: false })).rejects.toThrow('the database lacks 0001-journal');
  });
});
