import type { DestinationId, MessageId, PersonId, SourceId } from '../records/ids.ts';
import { brandAs, type DirectoryVersion, type MappingVersion } from '../records/ids.ts';
import type { FiledHead } from '../records/process.ts';
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

/** Of these messages, those that came out in a way their senders asked no application answer for: nobody need wait. */
export const withoutReply = async (database: Database, waiting: readonly MessageId[]): Promise<readonly MessageId[]> => {
  if (waiting.length === 0) return [];
  const rows = await database.query<{ id: MessageId }>(
    `select o.message_id as id from message_outcome o
     where o.message_id = any($1::int8[]) and not exists (select 1 from reply r where r.message_id = o.message_id)`,
    [int8s(waiting)],
  );
  return rows.map(({ id }) => id);
};

/** Replies that nobody has written for so long that the daemon that held their connection must be gone. */
export const orphanReplies = async (database: Database, olderThanMs: number): Promise<readonly MessageId[]> => {
  const rows = await database.query<{ id: MessageId }>(
    `select message_id as id from reply where sent_at is null and not given_up and filed < now() - $1::float8 * interval '1 ms'
     order by message_id limit 500`,
    [olderThanMs],
  );
  return rows.map(({ id }) => id);
};

interface Unsent {
  readonly source: SourceId;
  readonly keyId: number;
  readonly body: Buffer;
  readonly person: PersonId | null;
}

const GIVE_UP = `
with gone as (update reply set given_up = true where message_id = $1 and sent_at is null and not given_up returning message_id, key_id, body)
select m.source_id as source, g.key_id as "keyId", g.body,
  (select coalesce(p.merged_into, p.id) from message_part t join person p on p.id = t.person_id where t.message_id = m.id order by t.part limit 1) as person
from gone g join message m on m.id = g.message_id`;

/**
 * Its connection is gone: the reply goes to the destination that its source names for replies, on the lane of its patient, or is on record
 * as not sent (ruling A20). Given up once, whoever asks. Resolves with the heads to be hinted.
 */
export const giveUpReply = (
  database: Database,
  vault: Vault,
  id: MessageId,
  destinationOf: (source: SourceId) => DestinationId | undefined,
): Promise<readonly FiledHead[]> =>
  retryTransaction(database, async (tx) => {
    const [unsent] = await tx.query<Unsent>(GIVE_UP, [id]);
    const destination = unsent === undefined ? undefined : destinationOf(unsent.source);
    if (unsent === undefined || destination === undefined) return [];
    const person = await laneOwner(tx, unsent.person);
    const bytes = vault.unseal(unsent.keyId, unsent.body, replyAad(id));
    return fileDeliveries(tx, vault, [
      {
        destinationId: destination,
        personId: person.id,
        messageId: id,
        part: 1,
        itemId: null,
        recordId: null,
        route: 'replies',
        // No role: where an answer goes does not depend on where the patient is.
        role: 'replies',
        transportKey: vault.transportKey(['reply', String(id)]),
        priority: PRIORITY.routine,
        decidedVersion: person.version,
        mappingVersion: brandAs<MappingVersion>(''),
        directoryVersion: brandAs<DirectoryVersion>(''),
        payload: { contentType: 'x-application/hl7-v2+er7', charset: 'utf-8', parts: [{ kind: 'bytes', bytes }] },
        size: bytes.length,
      },
    ]);
  });

/** The patient whose lane it takes, locked; where no patient is known, a lane of its own. */
const laneOwner = async (tx: Transaction, known: PersonId | null): Promise<{ readonly id: PersonId; readonly version: number }> => {
  const [person] = await tx.query<{ id: PersonId; version: number }>(
    known === null
      ? 'insert into person default values returning id, routing_version as version'
      : 'select id, routing_version as version from person where id = $1 and merged_into is null for no key update',
    known === null ? [] : [known],
  );
  if (person === undefined) throw new RangeError('the person was merged meanwhile');
  return person;
};
