import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { ContentBroken, type ContentStore, createContentStore } from '../../store/content.ts';
import { SealBroken } from '../../store/vault.ts';
import { type TestDatabase, testDatabase } from '../support/database.ts';

const CHUNK = 256 * 1024;

const gather = async (stream: AsyncIterable<Buffer>): Promise<Buffer> => {
  const pieces: Buffer[] = [];
  for await (const piece of stream) pieces.push(piece);
  return Buffer.concat(pieces);
};

async function* inPieces(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

describe('content', () => {
  let db: TestDatabase;
  let content: ContentStore;
  beforeAll(async () => {
    db = await testDatabase();
    content = createContentStore(db.database, db.vault);
  });
  afterAll(() => db.close());

  const rows = () => db.database.query<{ id: number; chunks: number }>('select id, chunks from content order by id');

  it('comes back as it was written, whatever pieces it was written in', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(fc.nat(3000), fc.constantFrom(CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 3 * CHUNK + 17)),
        fc.integer({ min: 500, max: 700_000 }),
        async (size, piece) => {
          const bytes = randomBytes(size);
          const stored = await content.write(inPieces(bytes, piece));
          expect(stored.size).toBe(size);
          expect(stored.name).toBe(db.vault.contentName(bytes));
          expect(await content.size(stored.name)).toBe(size);
          expect((await gather(content.read(stored.name))).equals(bytes)).toBe(true);
          expect((await gather(content.readById(stored.id))).equals(bytes)).toBe(true);
        },
      ),
      { numRuns: 25 },
    );
  });

  it('stores the same bytes once, also when two write them at the same time', async () => {
    const bytes = randomBytes(CHUNK + 5);
    const both = await Promise.all([content.write(inPieces(bytes, 1000)), content.write(bytes), content.write(inPieces(bytes, CHUNK))]);
    expect(new Set(both.map((stored) => stored.id)).size).toBe(1);
    expect((await content.write(bytes)).id).toBe(both[0].id);
    expect(
      await db.database.query('select 1 from content_chunk c where not exists (select 1 from content where id = c.content_id)'),
    ).toEqual([]);
    expect(await db.database.query('select 1 from content where not complete')).toEqual([]);
  });

  it('shows nothing of the bytes in the database', async () => {
    const marked = Buffer.concat([Buffer.from('canary-9990000018'), randomBytes(100)]);
    const { id } = await content.write(marked);
    const found = await db.database.query<{ body: Buffer }>('select body from content_chunk where content_id = $1', [id]);
    expect(found[0]?.body.includes('canary')).toBe(false);
  });

  describe('★ that was tampered with', () => {
    const written = async () => {
      const stored = await content.write(randomBytes(3 * CHUNK + 9));
      return { ...stored, read: () => gather(content.read(stored.name)) };
    };

    it('is refused when a chunk is changed', async () => {
      const { id, read } = await written();
      await db.database.query(
        'update content_chunk set body = set_byte(body, 20, get_byte(body, 20) # 1) where content_id = $1 and n = 1',
        [id],
      );
      await expect(read()).rejects.toThrow(SealBroken);
    });

    it('is refused when two chunks are exchanged', async () => {
      const { id, read } = await written();
      await db.database.query('update content_chunk set n = case n when 1 then 102 else 101 end where content_id = $1 and n in (1, 2)', [
        id,
      ]);
      await db.database.query('update content_chunk set n = n - 100 where content_id = $1 and n > 100', [id]);
      await expect(read()).rejects.toThrow(SealBroken);
    });

    it('is refused when the end is missing, even where the count agrees', async () => {
      const { id, read } = await written();
      await db.database.query('delete from content_chunk where content_id = $1 and n = 3', [id]);
      await expect(read()).rejects.toThrow(ContentBroken);
      await db.database.query('update content set chunks = 3 where id = $1', [id]);
      await expect(read()).rejects.toThrow(SealBroken);
    });

    it('is refused when it is another content under this name', async () => {
      const [one, two] = [await written(), await written()];
      await db.database.query(
        'with a as (delete from content where id = $1 returning *) update content c set digest = a.digest from a where c.id = $2',
        [one.id, two.id],
      );
      await expect(one.read()).rejects.toThrow(ContentBroken);
    });
  });

  it('leaves nothing behind where its source breaks off', async () => {
    async function* broken(): AsyncGenerator<Buffer> {
      yield randomBytes(9 * CHUNK);
      throw new Error('sender went away');
    }
    const before = await rows();
    const chunks = () => db.database.query('select count(*)::int as n from content_chunk');
    const stored = await chunks();
    await expect(content.write(broken())).rejects.toThrow('sender went away');
    expect(await rows()).toEqual(before);
    expect(await chunks()).toEqual(stored);
  });

  it('is not there until it is whole, and what a dead daemon never finished is swept after an hour', async () => {
    const [begun] = await db.database.query<{ id: number }>('insert into content (key_id) values (1) returning id');
    await db.database.query("insert into content_chunk (content_id, n, body) values ($1, 0, '\\x00')", [begun?.id]);
    expect(await content.sweep()).toBe(0);
    await db.database.query("update content set created = now() - interval '61 minutes' where not complete");
    const before = (await rows()).length;
    expect(await content.sweep()).toBe(1);
    expect(await rows()).toHaveLength(before - 1);
    expect(await db.database.query('select 1 from content_chunk where content_id = $1', [begun?.id])).toEqual([]);
  });

  it('★ goes after a day where it was stored for a message that never came to be, and for no other reason', async () => {
    const write = (lasting: boolean) => content.write(inPieces(randomBytes(CHUNK + 1), 1000), lasting);
    const [orphan, used, lasting, young] = [await write(false), await write(false), await write(true), await write(false)];
    await db.database.query("insert into message (id, source_id, digest, size, key_id, content_id) values (1, 1, '\\x00', 1, 1, $1)", [
      used.id,
    ]);
    await db.database.query("update content set created = now() - interval '25 hours' where id = any($1)", [
      [orphan.id, used.id, lasting.id],
    ]);
    expect(await content.sweep()).toBe(1);
    expect((await rows()).map((row) => row.id)).toEqual(expect.arrayContaining([used.id, lasting.id, young.id]));
    await expect(gather(content.readById(orphan.id))).rejects.toThrow(ContentBroken);
    expect(await db.database.query('select 1 from content_chunk where content_id = $1', [orphan.id])).toEqual([]);
  });

  it('knows no size of what is not stored', async () => {
    expect(await content.size(db.vault.contentName(randomBytes(9)))).toBeUndefined();
    await expect(gather(content.read(db.vault.contentName(randomBytes(9))))).rejects.toThrow(ContentBroken);
  });
});
