import type { Instant, MessageId, SourceId } from '../../records/ids.ts';
import { brandAs } from '../../records/ids.ts';
import type { TodoMessage } from '../../records/process.ts';
import { int8s } from '../arrays.ts';
import type { ContentStore } from '../content.ts';
import type { HotBytes } from '../hot-bytes.ts';
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
}

const BYTES_IN_A_BATCH = 8 * 1024 * 1024;

/** By existence, never by cursor: `low` only spares the scan over rows this leader has just deleted. */
const TODO = `
select * from (
  select t.message_id, t.source_id, t.tries, t.again, m.control_id, m.type, m.received, m.size, m.answer, m.digest, m.key_id, m.content_id,
         sum(m.size) over (order by t.message_id) - m.size as before
  from (select * from message_todo where message_id > $1 order by message_id limit $2) t
  join message m on m.id = t.message_id
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
  const sealed = cold.length === 0 ? NONE : await bodies(tx, cold);
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
      bytes: hot.get(brandAs<MessageId>(row.message_id)) ?? (await bodyOf(row, sealed, vault, content)),
    });
  }
  return messages;
};

const NONE: ReadonlyMap<number, Buffer> = new Map();

const bodies = async (tx: Transaction, cold: readonly TodoRow[]): Promise<ReadonlyMap<number, Buffer>> => {
  const found = await tx.query<{ id: number; body: Buffer | null }>(BODIES, [int8s(cold.map((row) => row.message_id))], 'todo-bodies');
  return new Map(found.flatMap(({ id, body }) => (body === null ? [] : [[id, body] as const])));
};

const bodyOf = async (row: TodoRow, sealed: ReadonlyMap<number, Buffer>, vault: Vault, content: ContentStore): Promise<Buffer> => {
  const inline = sealed.get(row.message_id);
  if (inline !== undefined) return vault.unseal(row.key_id, inline, row.digest);
  if (row.content_id === null) throw new Error(`message ${row.message_id} has neither body nor content`);
  // Into one buffer as they come: collected and joined, a large body would be held twice.
  const body = Buffer.allocUnsafeSlow(row.size);
  let at = 0;
  for await (const chunk of content.readById(row.content_id)) at += chunk.copy(body, at);
  if (at !== row.size) throw new Error(`message ${row.message_id} is not as long as it was`);
  return body;
};

export const readHeldParts = async (tx: Transaction, ids: readonly MessageId[]): Promise<Map<MessageId, Set<number>>> => {
  const held = new Map<MessageId, Set<number>>();
  if (ids.length === 0) return held;
  const rows = await tx.query<{ message_id: number; part: number }>(
    'select message_id, part from message_part where message_id = any($1) and outcome = 2',
    [ids],
    'held-parts',
  );
  for (const row of rows) {
    const id = brandAs<MessageId>(row.message_id);
    const parts = held.get(id) ?? new Set<number>();
    held.set(id, parts.add(row.part));
  }
  return held;
};
