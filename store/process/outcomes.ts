import type { MessageWrite, PartWrite } from '../../records/process.ts';
import { OUTCOME } from '../../records/states.ts';
import { byteas, instants, int2s, int4s, int8s, texts } from '../arrays.ts';
import type { Transaction } from '../pool.ts';
import type { Vault } from '../vault.ts';

type Part = PartWrite & { readonly messageId: number };

/** What became of each message: outcome, parts, issues, holds, evidence, replies; and it leaves the unprocessed. */
export const writeOutcomes = (tx: Transaction, vault: Vault, messages: readonly MessageWrite[]): Promise<unknown>[] => {
  if (messages.length === 0) return [];
  const parts: Part[] = messages.flatMap((m) => m.parts.map((p) => ({ ...p, messageId: m.message.id })));
  return [
    tx.query(
      `insert into message_outcome (message_id, source_id, day, outcome, reason, rule, parts, deliveries)
       select id, source_id, (received at time zone 'UTC')::date, outcome, reason, rule, parts, deliveries
       from unnest($1::int8[], $2::int4[], $3::timestamptz[], $4::int2[], $5::text[], $6::text[], $7::int2[], $8::int2[])
         w(id, source_id, received, outcome, reason, rule, parts, deliveries)`,
      [
        int8s(messages.map((m) => m.message.id)),
        int4s(messages.map((m) => m.message.sourceId)),
        instants(messages.map((m) => new Date(m.message.received))),
        int2s(messages.map((m) => OUTCOME.code(m.outcome))),
        texts(messages.map((m) => m.reason)),
        texts(messages.map((m) => m.rule)),
        int2s(messages.map((m) => m.partCount)),
        int2s(messages.map((m) => m.parts.reduce((sum, p) => sum + p.deliveries, 0))),
      ],
      'insert-outcomes',
    ),
    tx.query('delete from message_todo where message_id = any($1)', [messages.map((m) => m.message.id)], 'delete-todo'),
    ...writeParts(tx, parts),
    ...writeIssues(tx, parts),
    ...writeHolds(tx, parts),
    ...writeDecisions(tx, vault, parts),
    ...writeReplies(tx, vault, messages),
  ];
};

const writeParts = (tx: Transaction, parts: readonly Part[]): Promise<unknown>[] =>
  parts.length === 0
    ? []
    : [
        tx.query(
          `insert into message_part (message_id, part, person_id, outcome, reason, rule, deliveries)
     select * from unnest($1::int8[], $2::int2[], $3::int8[], $4::int2[], $5::text[], $6::text[], $7::int2[])
     on conflict (message_id, part) do update set person_id = excluded.person_id, outcome = excluded.outcome, reason = excluded.reason, rule = excluded.rule,
       deliveries = message_part.deliveries + excluded.deliveries`,
          [
            int8s(parts.map((p) => p.messageId)),
            int2s(parts.map((p) => p.part)),
            int8s(parts.map((p) => p.personId)),
            int2s(parts.map((p) => OUTCOME.code(p.outcome))),
            texts(parts.map((p) => p.reason)),
            texts(parts.map((p) => p.rule)),
            int2s(parts.map((p) => p.deliveries)),
          ],
          'insert-parts',
        ),
      ];

const writeIssues = (tx: Transaction, parts: readonly Part[]): Promise<unknown>[] => {
  const issues = parts.flatMap((p) => p.issues.map((issue, index) => ({ ...issue, messageId: p.messageId, part: p.part, n: index + 1 })));
  if (issues.length === 0) return [];
  return [
    tx.query(
      `insert into issue (message_id, part, n, code, rule, target, source)
     select * from unnest($1::int8[], $2::int2[], $3::int2[], $4::text[], $5::text[], $6::text[], $7::text[])
     on conflict (message_id, part, n) do update set code = excluded.code, rule = excluded.rule, target = excluded.target, source = excluded.source`,
      [
        int8s(issues.map((i) => i.messageId)),
        int2s(issues.map((i) => i.part)),
        int2s(issues.map((i) => i.n)),
        texts(issues.map((i) => i.code)),
        texts(issues.map((i) => i.rule)),
        texts(issues.map((i) => i.target)),
        texts(issues.map((i) => i.source ?? null)),
      ],
      'insert-issues',
    ),
  ];
};

const writeHolds = (tx: Transaction, parts: readonly Part[]): Promise<unknown>[] => {
  const holds = parts.flatMap((p) => p.holds.map((hold) => ({ ...hold, messageId: p.messageId, part: p.part, personId: p.personId })));
  if (holds.length === 0) return [];
  return [
    tx.query(
      `insert into hold (reason, message_id, part, person_id, rule, source, say)
     select * from unnest($1::text[], $2::int8[], $3::int2[], $4::int8[], $5::text[], $6::text[], $7::text[])
     on conflict (message_id, part, reason) where done is null and delivery_id is null do nothing`,
      [
        texts(holds.map((h) => h.reason)),
        int8s(holds.map((h) => h.messageId)),
        int2s(holds.map((h) => h.part)),
        int8s(holds.map((h) => h.personId)),
        texts(holds.map((h) => h.rule ?? null)),
        texts(holds.map((h) => h.source ?? null)),
        texts(holds.map((h) => h.say ?? null)),
      ],
      'insert-holds',
    ),
  ];
};

const writeDecisions = (tx: Transaction, vault: Vault, parts: readonly Part[]): Promise<unknown>[] => {
  const decided = parts.filter((p) => p.decision !== null);
  if (decided.length === 0) return [];
  const sealed = decided.map((p) => vault.seal(Buffer.from(JSON.stringify(p.decision), 'utf8'), `decision:${p.messageId}:${p.part}`));
  return [
    tx.query(
      `insert into decision (message_id, part, key_id, body) select * from unnest($1::int8[], $2::int2[], $3::int2[], $4::bytea[])
     on conflict (message_id, part) do update set at = now(), key_id = excluded.key_id, body = excluded.body`,
      [
        int8s(decided.map((p) => p.messageId)),
        int2s(decided.map((p) => p.part)),
        int2s(sealed.map((s) => s.keyId)),
        byteas(sealed.map((s) => s.bytes)),
      ],
      'insert-decisions',
    ),
  ];
};

const writeReplies = (tx: Transaction, vault: Vault, messages: readonly MessageWrite[]): Promise<unknown>[] =>
  messages.flatMap(({ message, reply }) => {
    if (reply === null) return [];
    const sealed = vault.seal(reply.bytes, `reply:${message.id}`);
    // A message released later has been answered once already; its sender is not answered twice.
    return [
      tx.query('insert into reply (message_id, code, key_id, body) values ($1, $2, $3, $4) on conflict (message_id) do nothing', [
        message.id,
        reply.code,
        sealed.keyId,
        sealed.bytes,
      ]),
    ];
  });
