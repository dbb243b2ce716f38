import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Problem } from '../records/problem.ts';
import type { Database } from './pool.ts';

/** The database and the program do not belong together: an applied migration was edited, or the database is newer. */
export class SchemaMismatch extends Problem {
  constructor(message: string) {
    super(message);
    this.name = 'SchemaMismatch';
  }
}

export interface Migration {
  /** `0001-journal` */
  readonly name: string;
  readonly text: string;
  /** SHA-256 (hex) of the text with line ends made equal. */
  readonly checksum: string;
}

/** Beside the source, or in the source tree when running from the compiled one. */
const migrationsFolder = (): string => {
  for (let folder = __dirname; ; folder = dirname(folder)) {
    for (const candidate of [join(folder, 'migrations'), join(folder, 'store', 'migrations')]) {
      if (existsSync(join(candidate, '0001-journal.sql'))) return candidate;
    }
    if (dirname(folder) === folder) throw new SchemaMismatch('store/migrations was not found beside the program');
  }
};

/** The numbered migrations of this program, in order. */
export const readMigrations = async (folder = migrationsFolder()): Promise<readonly Migration[]> => {
  const files = (await readdir(folder)).filter((file) => /^\d{4}-[a-z0-9-]+\.sql$/.test(file)).sort();
  const migrations: Migration[] = [];
  for (const file of files) {
    const text = (await readFile(join(folder, file), 'utf8')).replaceAll('\r\n', '\n');
    const name = file.slice(0, -'.sql'.length);
    const before = migrations.at(-1);
    if (before !== undefined && before.name.slice(0, 4) === name.slice(0, 4))
      throw new SchemaMismatch(`migrations ${before.name} and ${name} have the same number`);
    migrations.push({ name, text, checksum: createHash('sha256').update(text).digest('hex') });
  }
  return migrations;
};

interface Applied {
  readonly name: string;
  readonly checksum: string;
}

const LOCK = "select pg_advisory_xact_lock(hashtextextended('throughcare migrate', 0))";

/** What of `known` is still to be run; refuses a database that was made by other files. */
const pending = (known: readonly Migration[], applied: readonly Applied[]): readonly Migration[] => {
  const names = new Map(known.map((m) => [m.name, m]));
  for (const row of applied) {
    const file = names.get(row.name);
    if (file === undefined)
      throw new SchemaMismatch(`the database has migration ${row.name}, which this version of the program does not know`);
    if (file.checksum !== row.checksum)
      throw new SchemaMismatch(`migration ${row.name} was edited after it was applied; put it back and add a new migration instead`);
  }
  const done = new Set(applied.map((row) => row.name));
  const last =
    applied
      .map((row) => row.name)
      .sort()
      .at(-1) ?? '';
  const rest = known.filter((m) => !done.has(m.name));
  const late = rest.find((m) => m.name < last);
  if (late !== undefined) throw new SchemaMismatch(`migration ${late.name} would run after ${last}; give it a higher number`);
  return rest;
};

/**
 * Brings the schema up to date and resolves with the names of the migrations it ran. All in one transaction under one
 * lock: any number of daemons may start at once, and a migration that fails leaves nothing behind.
 * Throws `SchemaMismatch` where the database was made by other files.
 */
export const migrate = async (
  database: Database,
  migrations?: readonly Migration[],
  schema = 'throughcare',
): Promise<readonly string[]> => {
  const known = migrations ?? (await readMigrations());
  return database.inTransaction(
    async (tx) => {
      await tx.query(LOCK);
      await tx.query(`create schema if not exists ${schema}`);
      await tx.query(
        'create table if not exists migration (name text primary key, checksum text not null, applied timestamptz not null default now())',
      );
      const applied = await tx.query<Applied>('select name, checksum from migration order by name');
      const rest = pending(known, applied);
      for (const migration of rest) {
        await tx.query(migration.text);
        await tx.query('insert into migration (name, checksum) values ($1, $2)', [migration.name, migration.checksum]);
      }
      return rest.map((m) => m.name);
    },
    { timeout: 0 },
  );
};

/** Refuses to go on with a database that is not exactly this program's: for verbs that must not change it. */
export const checkSchema = async (database: Database, migrations?: readonly Migration[]): Promise<void> => {
  const known = migrations ?? (await readMigrations());
  const present = await database.query<{ found: boolean }>("select to_regclass('migration') is not null as found");
  const applied = present[0]?.found === true ? await database.query<Applied>('select name, checksum from migration order by name') : [];
  const rest = pending(known, applied);
  if (rest.length > 0) throw new SchemaMismatch(`the database lacks ${rest.map((m) => m.name).join(', ')}; run \`throughcare migrate\``);
};
