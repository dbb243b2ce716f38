import { Problem } from '../records/problem.ts';
import type { Telemetry } from '../records/telemetry.ts';
import { type EmbeddedServer, startEmbedded } from './embedded/embedded.ts';
import { hasKeys } from './key-check.ts';
import { KeyProblem, type Keys, keyFile, makeKeyFile, readKeyFile, readKeys } from './keys.ts';
import { checkSchema, migrate } from './migrate.ts';
import { type ConnectionTarget, type Database, type DatabaseOptions, isUnavailable, openDatabase } from './pool.ts';
import { openVault, type Vault } from './vault.ts';

export interface StoreSettings {
  /** PostgreSQL to use; absent or empty: the embedded one of `data`. */
  readonly url?: string;
  /** Absolute path of the data folder. */
  readonly data: string;
  /** Keys as text (`seal:1:… search:1:… identity:1:…`); absent: the key file of `data`. */
  readonly keys?: string;
  /** False: a schema that is not up to date is refused, not changed. */
  readonly migrate?: boolean;
  readonly pool?: DatabaseOptions;
  readonly telemetry?: Telemetry;
}

export interface OpenStore {
  readonly target: ConnectionTarget;
  readonly database: Database;
  readonly vault: Vault;
  readonly embedded: EmbeddedServer | undefined;
  /** Names of the migrations run at this start. */
  readonly migrated: readonly string[];
  /** Closes the pool and leaves the embedded server; the last to leave stops it. */
  close(): Promise<void>;
}

/** An address without what must not be shown: user, password, parameters. */
const shown = (url: string): string => {
  try {
    const { host, pathname } = new URL(url);
    return `${host}${pathname}`;
  } catch {
    return 'the configured address';
  }
};

/** Never starts a server beside a configured one. */
const reach = async (
  settings: StoreSettings,
): Promise<{ readonly target: ConnectionTarget; readonly embedded: EmbeddedServer | undefined }> => {
  const { url, data, telemetry } = settings;
  if (url !== undefined && url !== '') return { target: { url }, embedded: undefined };
  const embedded = await startEmbedded(data, telemetry === undefined ? {} : { telemetry });
  return { target: embedded.target, embedded };
};

const ensureReachable = async (database: Database, url: string | undefined): Promise<void> => {
  try {
    await database.query('select 1');
  } catch (error) {
    if (url === undefined || url === '' || !(error instanceof Error)) throw error;
    const what = isUnavailable(error) ? 'cannot be reached' : 'cannot be used';
    throw new Problem(`the PostgreSQL at ${shown(url)} ${what}: ${error.message}`, { cause: error });
  }
};

/**
 * The keys of this store. A key file is made only for a database that was never written with keys, and only beside an
 * embedded server: daemons that share a server must be given the same keys. Throws `KeyProblem`.
 */
const findKeys = async (settings: StoreSettings, database: Database): Promise<Keys> => {
  if (settings.keys !== undefined && settings.keys.trim() !== '') return readKeys(settings.keys);
  const present = await readKeyFile(settings.data);
  if (present !== undefined) return present;
  if (await hasKeys(database)) {
    // A daemon that began at the same time may have made them since the first look.
    const made = await readKeyFile(settings.data);
    if (made !== undefined) return made;
    throw new KeyProblem(`this database was written with keys, but ${keyFile(settings.data)} is missing; put it back, or give store.keys`);
  }
  if (settings.url !== undefined && settings.url !== '')
    throw new KeyProblem('a configured PostgreSQL needs store.keys: every daemon that uses it must have the same');
  return makeKeyFile(settings.data);
};

/** Reaches or starts PostgreSQL, brings the schema up to date, and opens the vault once its keys have shown to be the right ones. */
export const openStore = async (settings: StoreSettings): Promise<OpenStore> => {
  const { target, embedded } = await reach(settings);
  const { telemetry } = settings;
  const database = openDatabase(target, { ...settings.pool, ...(telemetry === undefined ? {} : { telemetry }) });
  const close = async (): Promise<void> => {
    await database.close();
    await embedded?.leave();
  };
  try {
    await ensureReachable(database, settings.url);
    let migrated: readonly string[] = [];
    if (settings.migrate === false) await checkSchema(database);
    else migrated = await migrate(database);
    return { target, database, vault: await openVault(database, await findKeys(settings, database)), embedded, migrated, close };
  } catch (error) {
    await close();
    throw error;
  }
};
