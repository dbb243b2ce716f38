import {
  brandAs,
  type DestinationId,
  type DestinationName,
  type DirectoryVersion,
  type MappingVersion,
  type MessageId,
  type PersonId,
  type SourceId,
  type TransportKey,
} from '../records/ids.ts';
import type { FiledHead, Filing } from '../records/process.ts';
import { PRIORITY } from '../records/states.ts';
import { int8s } from './arrays.ts';
import { fileDeliveries } from './lanes/file.ts';
import type { Database, Transaction } from './pool.ts';
import { retryTransaction } from './retry.ts';
import type { Vault } from './vault.ts';

/** A later application answer (enhanced mode), filed by the leader for the daemon that holds the connection (rulings A20). */
export interface FiledReply {
  readonly messageId: MessageId;
  /** MSA-1. */
  readonly code: string;
  readonly bytes: Buffer;
}

/** What a sealed reply is bound to. */
export const replyAad = (messageId: number): string => `reply:${messageId}`;

/** Of the messages whose connections this daemon holds, those that are answered now. */
export const filedReplies = async (database: Database, vault: Vault, waiting: readonly MessageId[]): Promise<readonly FiledReply[]> => {
  if (waiting.length === 0) return [];
  const rows = await database.query<{ message_id: MessageId; code: string; key_id: number; body: Buffer }>(
    'select message_id, code, key_id, body from reply where message_id = any($1::int8[]) and sent_at is null and not given_up order by message_id',
    [int8s(waiting)],
    { name: 'replies-filed' },
  );
  return rows.map((row) => ({
    messageId: row.message_id,
    code: row.code,
    bytes: vault.unseal(row.key_id, row.body, replyAad(row.message_id)),
  }));
};

/** Written to their connections. */
export const markRepliesSent = async (database: Database, ids: readonly MessageId[]): Promise<void> => {
  if (ids.length > 0)
    await database.query('update reply set sent_at = now() where message_id = any($1::int8[]) and sent_at is null', [int8s(ids)], {
      name: 'replies-sent',
    });
};

/** Of these messages, those that are decided and will have no answer: none was asked for in their case. Held ones may have one yet. */
export const answerless = async (database: Database, ids: readonly MessageId[]): Promise<readonly MessageId[]> => {
  if (ids.length === 0) return [];
  const rows = await database.query<{ message_id: MessageId }>(
    `select o.message_id from message_outcome o where o.message_id = any($1::int8[]) and o.outcome <> 2
       and not exists (select 1 from reply r where r.message_id = o.message_id)
       and not exists (select 1 from message_todo t where t.message_id = o.message_id)`,
    [int8s(ids)],
    { name: 'replies-answerless' },
  );
  return rows.map((row) => row.message_id);
};

/** Answers filed this long ago that nobody has written: the daemon that held their connections is gone. */
export const orphanedReplies = async (database: Database, olderMs: number): Promise<readonly MessageId[]> => {
  const rows = await database.query<{ message_id: MessageId }>(
    `select message_id from reply where sent_at is null and not given_up and filed < now() - $1::float8 * interval '1 ms' order by filed limit 500`,
    [olderMs],
    { name: 'replies-orphaned' },
  );
  return rows.map((row) => row.message_id);
};

/** Where the answers of a source go whose connection is gone. */
export interface ReplyWay {
  readonly destination: DestinationId;
  readonly name: DestinationName;
}

interface UnsentReply {
  readonly message_id: MessageId;
  readonly source_id: SourceId;
  readonly key_id: number;
  readonly body: Buffer;
}

const UNSENT = `select r.message_id, m.source_id, r.key_id, r.body from reply r join message m on m.id = r.message_id
  where r.message_id = any($1::int8[]) and r.sent_at is null and not r.given_up order by r.message_id for update of r`;
const PATIENTS = `select distinct on (p.message_id) p.message_id, coalesce(n.merged_into, n.id) as person
  from message_part p join person n on n.id = p.person_id where p.message_id = any($1::int8[]) order by p.message_id, p.part`;

/**
 * Their connections are gone: each is filed as a delivery for the way its source names, on its patient's lane there, or recorded as
 * not sent where it names none. Resolves with what was filed, and heads to be hinted.
 */
export const passOnReplies = (
  database: Database,
  vault: Vault,
  ids: readonly MessageId[],
  ways: ReadonlyMap<SourceId, ReplyWay>,
): Promise<{ readonly filed: number; readonly dropped: number; readonly heads: readonly FiledHead[] }> =>
  ids.length === 0
    ? Promise.resolve({ filed: 0, dropped: 0, heads: [] })
    : retryTransaction(database, async (tx) => {
        const unsent = await tx.query<UnsentReply>(UNSENT, [int8s(ids)], 'replies-unsent');
        const known = unsent.flatMap((reply) => {
          const way = ways.get(reply.source_id);
          return way === undefined ? [] : [{ reply, way }];
        });
        const persons = await patientsOf(
          tx,
          known.map(({ reply }) => reply.message_id),
        );
        const filings = known.flatMap(({ reply, way }) => {
          const person = persons.get(reply.message_id);
          return person === undefined ? [] : [filingOf(vault, reply, way, person)];
        });
        const heads = await fileDeliveries(tx, vault, filings);
        await tx.query('update reply set given_up = true where message_id = any($1::int8[])', [int8s(unsent.map((one) => one.message_id))]);
        return { filed: filings.length, dropped: unsent.length - filings.length, heads };
      });

interface Patient {
  readonly id: PersonId;
  readonly routingVersion: number;
}

/** Locked, in order. A message whose patient is not known has a lane of its own (DESIGN §4). */
const patientsOf = async (tx: Transaction, ids: readonly MessageId[]): Promise<ReadonlyMap<MessageId, Patient>> => {
  if (ids.length === 0) return new Map();
  const found = await tx.query<{ message_id: MessageId; person: PersonId }>(PATIENTS, [int8s(ids)], 'replies-patients');
  const persons = new Map(found.map((row) => [row.message_id, row.person]));
  for (const id of ids) {
    if (persons.has(id)) continue;
    const [row] = await tx.query<{ id: PersonId }>('insert into person default values returning id');
    if (row !== undefined) persons.set(id, row.id);
  }
  const rows = await tx.query<Patient>(
    'select id, routing_version as "routingVersion" from person where id = any($1::int8[]) order by id for no key update',
    [int8s([...persons.values()])],
  );
  const locked = new Map(rows.map((row) => [row.id, row]));
  return new Map(
    [...persons].flatMap(([message, person]) => {
      const row = locked.get(person);
      return row === undefined ? [] : [[message, row] as const];
    }),
  );
};

const filingOf = (vault: Vault, reply: UnsentReply, way: ReplyWay, person: Patient): Filing => {
  const bytes = vault.unseal(reply.key_id, reply.body, replyAad(reply.message_id));
  return {
    destinationId: way.destination,
    personId: person.id,
    messageId: reply.message_id,
    part: 1,
    itemId: null,
    recordId: null,
    route: 'replies',
    role: way.name,
    // MSH-10 of the answer itself (see replyFor).
    transportKey: brandAs<TransportKey>(`TC${reply.message_id}A`),
    priority: PRIORITY.routine,
    decidedVersion: person.routingVersion,
    mappingVersion: brandAs<MappingVersion>(''),
    directoryVersion: brandAs<DirectoryVersion>(''),
    payload: { contentType: 'x-application/hl7-v2+er7', charset: 'utf-8', parts: [{ kind: 'bytes', bytes }] },
    size: bytes.length,
  };
};
