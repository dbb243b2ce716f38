import { randomBytes } from 'node:crypto';
import { ensureServer } from '../../store/embedded/embedded.ts';
import { makeKeys, readKeys, showKeys } from '../../store/keys.ts';
import { migrate, readMigrations } from '../../store/migrate.ts';
import { type ConnectionTarget, type Database, type DatabaseOptions, openDatabase } from '../../store/pool.ts';
import { openVault, type Vault } from '../../store/vault.ts';
import { testServerFolder } from './test-server.ts';

/** A migrated database of its own on the run's server. */
export interface TestDatabase {
  readonly target: ConnectionTarget;
  readonly database: Database;
  readonly vault: Vault;
  /** The keys of the vault, as `store.keys` takes them. */
  readonly keys: string;
  /** Another pool on the same database, as another daemon would have. */
  open(options?: DatabaseOptions): Database;
  /** Closes every pool. The database stays: it goes with the server when the run has passed. */
  close(): Promise<void>;
}

/** Durability is tested on servers of their own; here it would only cost time. */
const SETTINGS = { fsync: 'off', full_page_writes: 'off', max_connections: '200', autovacuum: 'on' };

const named = (target: ConnectionTarget, database: string): ConnectionTarget => {
  if ('url' in target) throw new Error('the test server is reached by its socket');
  return { ...target, database };
};

/** The first test of the run migrates one database; all others are copies of it. */
const ensureTemplate = async (server: ConnectionTarget, admin: Database): Promise<string> => {
  const migrations = await readMigrations();
  const name = `template_${migrations.map((m) => m.checksum.slice(0, 6)).join('')}`.slice(0, 60);
  await admin.inTransaction(
    async (tx) => {
      // CREATE DATABASE cannot run inside the transaction that holds the lock, so another connection does the work.
      await tx.query('select pg_advisory_xact_lock(4711)');
      const present = await tx.query('select 1 from pg_database where datname = $1', [name]);
      if (present.length > 0) return;
      const draft = `draft_${randomBytes(4).toString('hex')}`;
      await admin.query(`create database ${draft}`);
      const database = openDatabase(named(server, draft), { max: 1 });
      await migrate(database, migrations);
      await database.close();
      await admin.query(`alter database ${draft} rename to ${name}`);
    },
    { timeout: 60_000 },
  );
  return name;
};

/** A fresh, migrated database with keys of its own, or with the keys of another. */
export const testDatabase = async (options: DatabaseOptions & { readonly keys?: string } = {}): Promise<TestDatabase> => {
  const { target: server } = await ensureServer(testServerFolder(), { settings: SETTINGS });
  const admin = openDatabase(server, { max: 2, idleInTransactionTimeout: 60_000 });
  const name = `test_${randomBytes(6).toString('hex')}`;
  try {
    await admin.query(`create database ${name} template ${await ensureTemplate(server, admin)}`);
  } finally {
    await admin.close();
  }
  const target = named(server, name);
  const pools: Database[] = [];
  const open = (more: DatabaseOptions = {}): Database => {
    const pool = openDatabase(target, { ...options, ...more });
    pools.push(pool);
    return pool;
  };
  const database = open();
  const keys = options.keys === undefined ? makeKeys() : readKeys(options.keys);
  return {
    target,
    database,
    vault: await openVault(database, keys),
    keys: showKeys(keys),
    open,
    close: async () => {
      await Promise.all(pools.map((pool) => pool.close()));
    },
  };
};
