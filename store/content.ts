import type { ContentName } from '../records/ids.ts';
import type { Database } from './pool.ts';
import type { Vault } from './vault.ts';

export interface StoredContent {
  readonly id: number;
  readonly name: ContentName;
  /** Bytes in clear. */
  readonly size: number;
}

/** Stored bytes are not what was written: a chunk is missing, changed, or in another's place. */
export class ContentBroken extends Error {
  constructor(id: number) {
    super(`content ${id} is not whole`);
    this.name = 'ContentBroken';
  }
}

/** Bodies, payloads and attachments above the inline size, sealed in chunks. The same bytes are stored once. */
export interface ContentStore {
  /**
   * Reads the source once, a chunk at a time, and resolves when all is committed. `lasting` (default): it is kept for ever; else until the
   * last message that it is the body of is removed.
   */
  write(source: Buffer | AsyncIterable<Uint8Array> | Iterable<Uint8Array>, lasting?: boolean): Promise<StoredContent>;
  /** Yields the bytes in order; throws `ContentBroken` or `SealBroken` before the end where they are not the ones written. */
  read(name: ContentName): AsyncIterable<Buffer>;
  readById(id: number): AsyncIterable<Buffer>;
  /** Bytes in clear; undefined for a name that is not stored. */
  size(name: ContentName): Promise<number | undefined>;
  /** Removes what was begun and not finished more than an hour ago, and bodies no message came to have in a day; resolves with how many. */
  sweep(): Promise<number>;
}

const CHUNK = 256 * 1024;
/** Chunks on their way to the server at once. */
const AHEAD = 4;

/** Number and last-flag bind each chunk: a chunk left out at the end, or two exchanged, do not open. */
const aad = (id: number, n: number, last: boolean): string => `content:${id}:${n}:${last ? 1 : 0}`;

/**
 * Cuts any stream into chunks of one size, each with whether it is the last. There is always at least one. All lie in the same buffer: a
 * chunk is to be used before the next is asked for.
 */
async function* chunked(
  source: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): AsyncGenerator<{ readonly bytes: Buffer; readonly last: boolean }> {
  const chunk = Buffer.allocUnsafeSlow(CHUNK);
  let size = 0;
  for await (const piece of source) {
    for (let at = 0; at < piece.length; ) {
      // A full chunk is held back until more comes: only then is it known not to be the last.
      if (size === CHUNK) {
        yield { bytes: chunk, last: false };
        size = 0;
      }
      const part = piece.subarray(at, at + CHUNK - size);
      chunk.set(part, size);
      size += part.length;
      at += part.length;
    }
  }
  yield { bytes: chunk.subarray(0, size), last: true };
}

interface Row {
  readonly id: number;
  readonly digest: Buffer;
  readonly size: number;
  readonly chunks: number;
  readonly key_id: number;
}
const COLUMNS = 'id, digest, size, chunks, key_id';

class SealedContent implements ContentStore {
  readonly #database: Database;
  readonly #vault: Vault;

  constructor(database: Database, vault: Vault) {
    this.#database = database;
    this.#vault = vault;
  }

  async write(source: Buffer | AsyncIterable<Uint8Array> | Iterable<Uint8Array>, lasting = true): Promise<StoredContent> {
    if (!Buffer.isBuffer(source)) return this.#store(source, lasting);
    return (await this.#again(this.#vault.contentName(source), lasting)) ?? this.#store([source], lasting);
  }

  /** Content that is stored already, in use again from now on: what is removed at this moment is not found. */
  async #again(name: ContentName, lasting: boolean): Promise<StoredContent | undefined> {
    const [row] = await this.#database.query<{ id: number; size: number }>(
      'update content set created = now(), lasting = lasting or $2 where digest = $1 and complete returning id, size',
      [Buffer.from(name, 'hex'), lasting],
      { name: 'content-again' },
    );
    return row === undefined ? undefined : { ...row, name };
  }

  async #store(source: AsyncIterable<Uint8Array> | Iterable<Uint8Array>, lasting: boolean): Promise<StoredContent> {
    const made = await this.#database.query<{ id: number }>(
      'insert into content (key_id, lasting) values ($1, $2) returning id',
      [this.#vault.keyId, lasting],
      { name: 'content-begin' },
    );
    const id = made[0]?.id;
    if (id === undefined) throw new RangeError('no content row');
    try {
      return await this.#fill(id, source, lasting);
    } catch (error) {
      // A source that breaks off is read again later: what it left would pile up. Where the store is away, the sweep finds it.
      await this.#remove(id).catch(() => undefined);
      throw error;
    }
  }

  async #fill(id: number, source: AsyncIterable<Uint8Array> | Iterable<Uint8Array>, lasting: boolean): Promise<StoredContent> {
    const namer = this.#vault.contentNamer();
    const pending: Promise<unknown>[] = [];
    let size = 0;
    let n = 0;
    try {
      for await (const { bytes, last } of chunked(source)) {
        namer.update(bytes);
        size += bytes.length;
        const sealed = this.#vault.seal(bytes, aad(id, n, last));
        const written = this.#database.query('insert into content_chunk (content_id, n, body) values ($1, $2, $3)', [id, n, sealed.bytes], {
          name: 'content-chunk',
        });
        written.catch(() => {});
        pending.push(written);
        if (pending.length >= AHEAD) await pending.shift();
        n += 1;
      }
    } finally {
      // None may come in after the content was given up.
      await Promise.allSettled(pending);
    }
    await Promise.all(pending);
    return this.#finish({ id, name: namer.name(), size }, n, lasting);
  }

  /** Names the content, unless the same bytes have been stored meanwhile: then ours go. */
  async #finish(content: StoredContent, chunks: number, lasting: boolean): Promise<StoredContent> {
    const named = await this.#database
      .query(
        `update content set digest = $2, size = $3, chunks = $4, complete = true
       where id = $1 and not exists (select 1 from content where digest = $2) returning id`,
        [content.id, Buffer.from(content.name, 'hex'), content.size, chunks],
        { name: 'content-finish' },
      )
      .catch((error: unknown) => {
        if (error instanceof Error && 'constraint' in error && error.constraint === 'content_digest_key') return [];
        throw error;
      });
    if (named.length > 0) return content;
    const same = await this.#again(content.name, lasting);
    if (same === undefined) throw new ContentBroken(content.id);
    if (same.id !== content.id) await this.#remove(content.id);
    return same;
  }

  async #remove(id: number): Promise<void> {
    await this.#database.inTransaction(async (tx) => {
      await tx.query('delete from content where id = $1', [id]);
      await tx.query('delete from content_chunk where content_id = $1', [id]);
    });
  }

  async #find(name: ContentName): Promise<StoredContent | undefined> {
    const rows = await this.#rows('digest', Buffer.from(name, 'hex'));
    const row = rows[0];
    return row === undefined ? undefined : { id: row.id, name, size: row.size };
  }

  #rows(column: 'digest' | 'id', value: Buffer | number): Promise<Row[]> {
    return this.#database.query<Row>(`select ${COLUMNS} from content where ${column} = $1 and complete`, [value], {
      name: `content-by-${column}`,
    });
  }

  async size(name: ContentName): Promise<number | undefined> {
    return (await this.#find(name))?.size;
  }

  async *read(name: ContentName): AsyncGenerator<Buffer> {
    yield* this.#stream(await this.#rows('digest', Buffer.from(name, 'hex')));
  }

  async *readById(id: number): AsyncGenerator<Buffer> {
    yield* this.#stream(await this.#rows('id', id));
  }

  async *#stream(rows: readonly Row[]): AsyncGenerator<Buffer> {
    const row = rows[0];
    if (row === undefined) throw new ContentBroken(0);
    const namer = this.#vault.contentNamer();
    let size = 0;
    for (let n = 0; n < row.chunks; n++) {
      const place = aad(row.id, n, n === row.chunks - 1);
      const bytes = await this.#database.readBytes(
        `select body from content_chunk where content_id = ${Math.trunc(row.id)} and n = ${Math.trunc(n)}`,
        (body) => this.#vault.unseal(row.key_id, body, place),
      );
      if (bytes === undefined) throw new ContentBroken(row.id);
      namer.update(bytes);
      size += bytes.length;
      // The last piece is kept back until the whole is known to be what its name says.
      if (n === row.chunks - 1 && (size !== row.size || namer.name() !== row.digest.toString('hex'))) throw new ContentBroken(row.id);
      yield bytes;
    }
  }

  async sweep(): Promise<number> {
    const stale = await this.#database.query<{ id: number }>(
      "select id from content where not complete and created < now() - interval '1 hour' order by id limit 1000",
    );
    for (const { id } of stale) await this.#remove(id);
    return stale.length + (await this.#sweepBodies());
  }

  /** Stored for a message whose journalling failed, or turned out to be a duplicate. One that is used again meanwhile has a new `created`. */
  async #sweepBodies(): Promise<number> {
    const gone = await this.#database.query(
      `with unused as (
        select id from content c where complete and not lasting and created < now() - interval '1 day'
          and not exists (select 1 from message m where m.content_id = c.id) order by id limit 1000
      ), gone as (
        delete from content c using unused where c.id = unused.id and c.created < now() - interval '1 day' returning c.id
      ), chunks as (
        delete from content_chunk using gone where content_id = gone.id
      )
      select id from gone`,
      [],
      { timeout: 600_000 },
    );
    return gone.length;
  }
}

export const createContentStore = (database: Database, vault: Vault): ContentStore => new SealedContent(database, vault);
