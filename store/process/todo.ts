import type { ContentName, Instant, MessageId, SourceId } from '../../records/ids.ts';
import { brandAs } from '../../records/ids.ts';
import { KNOWN_BY_WORKFLOW } from '../../records/intake.ts';
import type { ByWorkflow, TodoMessage } from '../../records/process.ts';
import { int8s } from '../arrays.ts';
import type { ContentStore } from '../content.ts';
import type { HotBytes } from '../hot-bytes.ts';
import { metaAad } from '../intake/prepare.ts';
import { readMeta } from '../message-body.ts';
import type { Transaction } from '../pool.ts';
import type { Vault } from '../vault.ts';

interface TodoRow {
  message_id: number;
  source_id: number;
  tries: number;
  again: boolean;
  control_id: string | null;
  type: string | null;
  received: Date;
  size: number;
  answer: number;
  digest: Buffer;
  key_id: number;
  content_id: number | null;
  meta: Buffer | null;
}

const BYTES_IN_A_BATCH = 8 * 1024 * 1024;

/** By existence, never by cursor: `low` only spares the scan over rows this leader has just deleted. */
const TODO = `
select * from (
  select *, sum(load) over (order by message_id) - load as before from (
    select t.message_id, t.source_id, t.tries, t.again, m.control_id, m.type, m.received, m.size, m.answer, m.digest, m.key_id, m.content_id,
           case when (m.answer & ${KNOWN_BY_WORKFLOW}) <> 0 then m.meta end as meta,
           case when m.content_id is not null and (m.answer & ${KNOWN_BY_WORKFLOW}) <> 0 then 0 else m.size end as load
    from (select * from message_todo where message_id > $1 order by message_id limit $2) t
    join message m on m.id = t.message_id
  ) l
) b where before < $3 order by message_id`;

const BODIES = 'select id, body from message where id = any($1::int8[])';

export const readTodo = async (
  tx: Transaction,
  vault: Vault,
  content: ContentStore,
  hot: HotBytes<MessageId>,
  low: number,
  limit: number,
): Promise<TodoMessage[]> => {
  const rows = await tx.query<TodoRow>(TODO, [low, limit, BYTES_IN_A_BATCH], 'todo');
  const cold = rows.filter((row) => row.content_id === null && hot.get(brandAs<MessageId>(row.message_id)) === undefined);
  const named = rows.filter(isOnlyNamed);
  const [sealed, names] = await Promise.all([
    cold.length === 0 ? NONE : bodies(tx, cold),
    named.length === 0 ? NO_NAMES : contentNames(tx, named),
  ]);
  const messages: TodoMessage[] = [];
  for (const row of rows) {
    messages.push({
      id: brandAs<MessageId>(row.message_id),
      sourceId: brandAs<SourceId>(row.source_id),
      controlId: row.control_id,
      type: row.type,
      received: brandAs<Instant>(row.received.toISOString()),
      size: row.size,
      answer: row.answer,
      tries: row.tries,
      again: row.again,
      byWorkflow: byWorkflow(row, names, vault),
      bytes: isOnlyNamed(row) ? NO_BYTES : (hot.get(brandAs<MessageId>(row.message_id)) ?? (await bodyOf(row, sealed, vault, content))),
    });
  }
  return messages;
};

const NONE: ReadonlyMap<number, Buffer> = new Map();
const NO_NAMES: ReadonlyMap<number, ContentName> = new Map();
const NO_BYTES = Buffer.alloc(0);

const isByWorkflow = ({ answer }: TodoRow): boolean => (answer & KNOWN_BY_WORKFLOW) !== 0;
/** It may be a gigabyte that is passed on as it is: read only once it is known that it must be. */
const isOnlyNamed = (row: TodoRow): boolean => row.content_id !== null && isByWorkflow(row);

const contentNames = async (tx: Transaction, rows: readonly TodoRow[]): Promise<ReadonlyMap<number, ContentName>> => {
  const found = await tx.query<{ id: number; digest: Buffer }>(
    'select id, digest from content where id = any($1::int8[]) and complete',
    [int8s(rows.flatMap((row) => row.content_id ?? []))],
    'todo-contents',
  );
  return new Map(found.map(({ id, digest }) => [id, brandAs<ContentName>(digest.toString('hex'))]));
};

const byWorkflow = (row: TodoRow, names: ReadonlyMap<number, ContentName>, vault: Vault): ByWorkflow | null => {
  if (!isByWorkflow(row)) return null;
  const meta = row.meta === null ? {} : readMeta(vault.unseal(row.key_id, row.meta, metaAad(row.digest)));
  if (row.content_id === null) return { meta, content: null };
  const content = names.get(row.content_id);
  if (content === undefined) throw new Error(`message ${row.message_id} names content that is not there`);
  return { meta, content };
};

const bodies = async (tx: Transaction, cold: readonly TodoRow[]): Promise<ReadonlyMap<number, Buffer>> => {
  const found = await tx.query<{ id: number; body: Buffer | null }>(BODIES, [int8s(cold.map((row) => row.message_id))], 'todo-bodies');
  return new Map(found.flatMap(({ id, body }) => (body === null ? [] : [[id, body] as const])));
};

const bodyOf = async (row: TodoRow, sealed: ReadonlyMap<number, Buffer>, vault: Vault, content: ContentStore): Promise<Buffer> => {
  const inline = sealed.get(row.message_id);
  if (inline !== undefined) return vault.unseal(row.key_id, inline, row.digest);
  if (row.content_id === null) throw new Error(`message ${row.message_id} has neither body nor content`);
  return gathered(row.message_id, row.size, content.readById(row.content_id));
};

/** Into one buffer as they come: collected and joined, a large body would be held twice. */
const gathered = async (message: number, size: number, chunks: AsyncIterable<Buffer>): Promise<Buffer> => {
  const body = Buffer.allocUnsafeSlow(size);
  let at = 0;
  for await (const chunk of chunks) at += chunk.copy(body, at);
  if (at !== size) throw new Error(`message ${message} is not as long as it was`);
  return body;
};

export const readBytes = async (content: ContentStore, { id, size, bytes, byWorkflow: known }: TodoMessage): Promise<Buffer> =>
  known?.content == null ? bytes : gathered(id, size, content.read(known.content));

export const readDoneParts = async (tx: Transaction, ids: readonly MessageId[]): Promise<Map<MessageId, Set<number>>> => {
  const done = new Map<MessageId, Set<number>>();
  if (ids.length === 0) return done;
  const rows = await tx.query<{ message_id: number; part: number }>(
    'select message_id, part from message_part where message_id = any($1) and outcome <> 2',
    [ids],
    'done-parts',
  );
  for (const row of rows) {
    const id = brandAs<MessageId>(row.message_id);
    const parts = done.get(id) ?? new Set<number>();
    done.set(id, parts.add(row.part));
  }
  return done;
};
