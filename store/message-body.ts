import type { MessageId } from '../records/ids.ts';
import { audit, type Operator } from './audit.ts';
import type { ContentStore } from './content.ts';
import { metaAad } from './intake/prepare.ts';
import type { Database } from './pool.ts';
import type { Vault } from './vault.ts';

/** A message in clear. Holding one is what the audit is about. */
export interface RevealedMessage {
  readonly size: number;
  /** Source file name, connection, character set; as kept at receipt. */
  readonly meta: Readonly<Record<string, string>>;
  /** The bytes as received; of a duplicate, those of the message it repeats. */
  stream(): AsyncIterable<Buffer>;
}

interface Row {
  readonly id: MessageId;
  readonly digest: Buffer;
  readonly size: number;
  readonly key_id: number;
  readonly body: Buffer | null;
  readonly content_id: number | null;
  readonly meta: Buffer | null;
  readonly duplicate_of: MessageId | null;
}
const ROW = 'select id, digest, size, key_id, body, content_id, meta, duplicate_of from message where id = $1';

/** Opens a message for a person. Who and why are on record, committed, before anything is handed out. Null for an unknown id. */
export const revealMessage = async (
  database: Database,
  vault: Vault,
  content: ContentStore,
  id: MessageId,
  viewer: Operator,
): Promise<RevealedMessage | null> => {
  const row = (await database.query<Row>(ROW, [id]))[0];
  if (row === undefined) return null;
  await audit(database, vault, viewer, 'message reveal', `message ${id}`);
  return {
    size: row.size,
    meta: row.meta === null ? {} : readMeta(vault.unseal(row.key_id, row.meta, metaAad(row.digest))),
    stream: () => bodyOf(database, vault, content, row),
  };
};

/** What is larger is not looked into for its shape. */
const MOST_SHAPED = 8 * 1024 * 1024;

/**
 * The bytes for the program's own use (their shape); nothing of them may be shown without `revealMessage`. Null for an unknown id, and
 * for what is too large to be held in memory for that.
 */
export const messageBytes = async (database: Database, vault: Vault, content: ContentStore, id: MessageId): Promise<Buffer | null> => {
  const row = (await database.query<Row>(ROW, [id]))[0];
  if (row === undefined || row.size > MOST_SHAPED) return null;
  const chunks: Buffer[] = [];
  for await (const chunk of bodyOf(database, vault, content, row)) chunks.push(chunk);
  return Buffer.concat(chunks);
};

/** The sealed `meta` of a message, opened. */
export const readMeta = (plain: Buffer): Record<string, string> => {
  const value: unknown = JSON.parse(plain.toString('utf8'));
  if (typeof value !== 'object' || value === null) return {};
  return Object.fromEntries(Object.entries(value).map(([name, text]) => [name, String(text)]));
};

async function* bodyOf(database: Database, vault: Vault, content: ContentStore, row: Row): AsyncGenerator<Buffer> {
  if (row.body !== null) {
    yield vault.unseal(row.key_id, row.body, row.digest);
  } else if (row.content_id !== null) {
    yield* content.readById(row.content_id);
  } else if (row.duplicate_of !== null) {
    const original = (await database.query<Row>(ROW, [row.duplicate_of]))[0];
    if (original !== undefined) yield* bodyOf(database, vault, content, original);
  }
}
