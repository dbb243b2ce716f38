import pg from 'pg';
import { type ConnectionTarget, clientConfig } from '../store/pool.ts';

/** Bytes of each row. */
const SIZE = 900;

/**
 * What this machine's disk and this server allow without any group commit: rows a second, each inserted alone and committed with
 * `synchronous_commit` on, one after another on every connection.
 */
export async function insertRate(target: ConnectionTarget, connections: number, seconds = 2): Promise<number> {
  const clients = await Promise.all(
    Array.from({ length: connections }, async () => {
      const client = new pg.Client(clientConfig(target));
      await client.connect();
      return client;
    }),
  );
  const [first] = clients;
  if (first === undefined) throw new RangeError('at least one connection');
  try {
    await first.query('create table if not exists public.bench_row (id bigint generated always as identity primary key, body bytea)');
    const body = Buffer.alloc(SIZE, 7);
    const until = performance.now() + seconds * 1_000;
    const since = performance.now();
    const counts = await Promise.all(
      clients.map(async (client) => {
        await client.query('set synchronous_commit = on');
        let count = 0;
        for (; performance.now() < until; count += 1)
          await client.query({ name: 'row', text: 'insert into public.bench_row (body) values ($1)', values: [body] });
        return count;
      }),
    );
    const took = (performance.now() - since) / 1_000;
    await first.query('drop table public.bench_row');
    return counts.reduce((sum, count) => sum + count, 0) / took;
  } finally {
    await Promise.all(clients.map((client) => client.end()));
  }
}
