import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Redis } from 'ioredis';
import type { Database } from '../../store/pool.ts';

/** What a place says, under a name for the report. */
export type Corpus = ReadonlyMap<string, string>;

/** Everything an operator's client would read from Redis: every key with its whole value, whatever its type. */
export async function readRedis(url: string): Promise<Corpus> {
  const redis = new Redis(url);
  try {
    const found = new Map<string, string>();
    for await (const keys of redis.scanStream({ count: 500 })) {
      // The stream yields arrays of keys; its type does not say so.
      for (const key of keys as string[]) found.set(`Redis ${key}`, `${key}\n${await contentOf(redis, key)}`);
    }
    return found;
  } finally {
    redis.disconnect();
  }
}

async function contentOf(redis: Redis, key: string): Promise<string> {
  switch (await redis.type(key)) {
    case 'string':
      return (await redis.get(key)) ?? '';
    case 'hash':
      return Object.entries(await redis.hgetall(key))
        .flat()
        .join('\n');
    case 'list':
      return (await redis.lrange(key, 0, -1)).join('\n');
    case 'set':
      return (await redis.smembers(key)).join('\n');
    case 'zset':
      return (await redis.zrange(key, '0', '-1')).join('\n');
    case 'stream':
      return (await redis.xrange(key, '-', '+')).flat(2).join('\n');
    case 'none':
      // Gone since it was listed; its name is kept.
      return '';
    default:
      throw new Error(`Redis has a value of a type this test cannot read under ${key}`);
  }
}

const TABLES = `
select format('%I.%I', n.nspname, c.relname) as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
where c.relkind = 'r' and n.nspname not in ('pg_catalog', 'information_schema') and n.nspname not like 'pg_toast%' order by 1`;

/** Every row of every table as text, BullMQ's included, with what the server keeps about statements and columns. */
export async function readTables(database: Database): Promise<Corpus> {
  const found = new Map<string, string>();
  for (const { name } of await database.query<{ name: string }>(TABLES)) {
    const rows = await database.query<{ row: string }>(`select t::text as row from ${name} t`);
    found.set(`table ${name}`, rows.map(({ row }) => row).join('\n'));
  }
  for (const view of ['pg_stat_activity', 'pg_stats', 'pg_prepared_statements']) {
    const rows = await database.query<{ row: string }>(`select t::text as row from ${view} t`);
    found.set(`view ${view}`, rows.map(({ row }) => row).join('\n'));
  }
  return found;
}

const run = promisify(execFile);
/** One process for all of them: most of what a command takes is the start of its process. */
const SAY_ALL = `
const [program, lines] = process.argv.slice(1);
const { main } = require(program);
(async () => {
  for (const words of JSON.parse(lines)) {
    process.stdout.write('\\n> ' + words.join(' ') + '\\n');
    await main(words);
  }
})();`;

/** What these command lines of `throughcare` say, on both streams, whether they succeed or not. For a program that is compiled. */
export async function say(config: string, lines: readonly (readonly string[])[]): Promise<string> {
  const { DATABASE_URL: _database, REDIS_URL: _redis, ...env } = process.env;
  const program = join(__dirname, '../../dist/main.js');
  const all = JSON.stringify(lines.map((words) => [...words, '--config', config]));
  const { stdout, stderr } = await run(process.execPath, ['-e', SAY_ALL, program, all], { env, maxBuffer: 64 * 1024 * 1024 });
  return `${stdout}\n${stderr}`;
}

/** What the daemon says to whoever may ask without a password, on loopback. */
export async function readConsole(port: number): Promise<Corpus> {
  const found = new Map<string, string>();
  const paths = ['/livez', '/readyz', '/metrics', '/queues', '/queues/api/queues'];
  const states = ['active', 'waiting', 'completed', 'failed', 'delayed', 'prioritized', 'paused', 'latest'];
  const get = async (path: string): Promise<string> => {
    const text = await (await fetch(`http://127.0.0.1:${port}${path}`)).text();
    found.set(`page ${path}`, text);
    return text;
  };
  for (const path of paths) await get(path);
  const queues = new Set(found.get('page /queues/api/queues')?.match(/(?<="name":")[^"]+/g));
  for (const queue of queues)
    for (const state of states) await get(`/queues/api/queues?activeQueue=${queue}&status=${state}&page=1&jobsPerPage=100`);
  return found;
}
