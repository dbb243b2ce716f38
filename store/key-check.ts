import { createHmac, timingSafeEqual } from 'node:crypto';
import { KeyProblem, type Keys } from './keys.ts';
import type { Database } from './pool.ts';

type Purpose = 'seal' | 'search' | 'identity';

interface Row {
  readonly purpose: string;
  readonly key_id: number;
  readonly proof: Buffer;
}

/** Shows knowledge of a key without telling it: HMAC of a constant that names purpose and id. */
const proofOf = (purpose: Purpose, id: number, key: Buffer): Buffer =>
  createHmac('sha256', key).update(`throughcare key check ${purpose} ${id}`).digest();

const given = (keys: Keys): readonly { readonly purpose: Purpose; readonly id: number; readonly proof: Buffer }[] => [
  ...[...keys.seal].map(([id, key]) => ({ purpose: 'seal' as const, id, proof: proofOf('seal', id, key) })),
  { purpose: 'search', id: keys.search.id, proof: proofOf('search', keys.search.id, keys.search.key) },
  { purpose: 'identity', id: keys.identity.id, proof: proofOf('identity', keys.identity.id, keys.identity.key) },
];

const READ = 'select purpose, key_id, proof from key_check order by purpose, key_id';

/** Has this database been written with keys before? Then a new key file would only hide that the right one is missing. */
export const hasKeys = async (database: Database): Promise<boolean> => (await database.query(`${READ} limit 1`)).length > 0;

/**
 * Compares the keys with what the database remembers of them, and remembers those it has not seen.
 * A wrong key, or an older seal key left out, is noticed here, before anything is written. Throws `KeyProblem`.
 */
export const checkKeys = async (database: Database, keys: Keys): Promise<void> => {
  const mine = given(keys);
  const compare = (rows: readonly Row[]): void => {
    for (const row of rows) {
      const name = `${row.purpose}:${row.key_id}`;
      const key = mine.find((k) => k.purpose === row.purpose && k.id === row.key_id);
      if (key === undefined) throw new KeyProblem(`this database was written with key ${name}, which is not given; add it to the keys`);
      if (!timingSafeEqual(key.proof, row.proof)) throw new KeyProblem(`key ${name} is not the one this database was written with`);
    }
  };
  await database.inTransaction(async (tx) => {
    const before = await tx.query<Row>(READ);
    compare(before);
    const fresh = mine.filter((k) => !before.some((row) => row.purpose === k.purpose && row.key_id === k.id));
    if (fresh.length === 0) return;
    await tx.query(
      'insert into key_check (purpose, key_id, proof) select * from unnest($1::text[], $2::smallint[], $3::bytea[]) on conflict do nothing',
      [fresh.map((k) => k.purpose), fresh.map((k) => k.id), fresh.map((k) => k.proof)],
    );
    // Another daemon may have been first, with other keys.
    compare(await tx.query<Row>(READ));
  });
};
