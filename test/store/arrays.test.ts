import fc from 'fast-check';
import { bools, byteas, instants, int2s, int4s, int8s, texts, uuids } from '../../store/arrays.ts';
import { type TestDatabase, testDatabase } from '../support/database.ts';

describe('binary arrays', () => {
  let db: TestDatabase;
  beforeAll(async () => {
    db = await testDatabase();
  });
  afterAll(() => db.close());

  const text = fc.string({ unit: 'binary' }).filter((t) => !t.includes('\0'));
  const row = fc.record({
    int2: fc.option(fc.integer({ min: -32_768, max: 32_767 })),
    int4: fc.option(fc.integer()),
    int8: fc.option(fc.maxSafeInteger()),
    flag: fc.option(fc.boolean()),
    text: fc.option(text),
    bytes: fc.option(fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes))),
    at: fc.option(fc.date({ min: new Date('1900-01-01'), max: new Date('2100-01-01'), noInvalidDate: true })),
    uuid: fc.option(fc.uuid()),
  });

  it('arrive in PostgreSQL as they were given, nulls included', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(row, { maxLength: 20 }), async (rows) => {
        const back = await db.database.query(
          `select int2, int4, int8, flag, text, bytes, at, uuid from unnest($1::int2[], $2::int4[], $3::int8[], $4::bool[], $5::text[], $6::bytea[], $7::timestamptz[], $8::uuid[])
             with ordinality as u(int2, int4, int8, flag, text, bytes, at, uuid, ord) order by ord`,
          [
            int2s(rows.map((r) => r.int2)),
            int4s(rows.map((r) => r.int4)),
            int8s(rows.map((r) => r.int8)),
            bools(rows.map((r) => r.flag)),
            texts(rows.map((r) => r.text)),
            byteas(rows.map((r) => r.bytes)),
            instants(rows.map((r) => r.at)),
            uuids(rows.map((r) => r.uuid)),
          ],
          { name: 'arrays' },
        );
        expect(back).toEqual(rows);
      }),
      { numRuns: 100 },
    );
  });
});
