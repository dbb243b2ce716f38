import type { MessageId } from '../records/ids.ts';
import { ATTEMPT, OUTCOME } from '../records/states.ts';
import type { TraceStep } from '../records/trace.ts';
import type { Database } from './pool.ts';

type Value = string | number | null;
interface Event {
  readonly at: Date;
  readonly facts: Readonly<Record<string, Value>>;
}
interface Source {
  readonly step: TraceStep['step'];
  /** One row an event: `at`, and `facts` as a JSON object. `$1` is the message. */
  readonly text: string;
}

const MINE = 'select id from delivery where message_id = $1';

const SOURCES: readonly Source[] = [
  {
    step: 'received',
    text: `select m.received as at, json_build_object('source', s.name, 'type', m.type, 'size', m.size, 'duplicate-of', m.duplicate_of) as facts
      from message m join source s on s.id = m.source_id where m.id = $1`,
  },
  {
    step: 'mapped',
    text: `select at, json_build_object('outcome', outcome, 'reason', reason, 'rule', rule, 'parts', parts, 'deliveries', deliveries) as facts
      from message_outcome where message_id = $1`,
  },
  {
    step: 'identified',
    text: `select o.at, json_build_object('part', p.part, 'person', p.person_id) as facts
      from message_part p join message_outcome o on o.message_id = p.message_id where p.message_id = $1 and p.person_id is not null order by p.part`,
  },
  {
    step: 'record',
    text: `select r.at, json_build_object('part', r.part, 'record', r.id, 'item', r.item_id, 'mapping', left(encode(r.mapping_version, 'hex'), 12)) as facts
      from message_part p join record r on r.person_id = p.person_id and r.message_id = p.message_id and r.part = p.part where p.message_id = $1 order by r.id`,
  },
  { step: 'decided', text: `select at, json_build_object('part', part) as facts from decision where message_id = $1 order by part` },
  {
    step: 'filed',
    text: `select d.filed as at, json_build_object('delivery', d.id, 'destination', n.name, 'route', d.route, 'key', d.transport_key) as facts
      from delivery d join destination n on n.id = d.destination_id where d.message_id = $1 order by d.id`,
  },
  {
    step: 'attempt',
    text: `select at, json_build_object('delivery', delivery_id, 'outcome', outcome, 'code', code, 'receipt', receipt_code) as facts
      from attempt where delivery_id in (${MINE}) order by id`,
  },
  {
    step: 'receipt',
    text: `select coalesce(confirmed, done) as at, json_build_object('delivery', id, 'receipt', receipt_code, 'confirmed', case when state = 2 then 'yes' else 'no' end) as facts
      from delivery where message_id = $1 and state in (1, 2, 4) and done is not null and not exists (select 1 from receipt r where r.delivery_id = delivery.id) order by id`,
  },
  {
    step: 'receipt',
    text: `select r.noted as at, json_build_object('delivery', r.delivery_id, 'stage', case r.stage when 1 then 'accepted' when 2 then 'downloaded' when 3 then 'reported' else 'business' end,
        'receipt', r.code, 'good', case when r.good then 'yes' else 'no' end, 'code', r.fault, 'far-id', nullif(r.far_id, ''), 'by-message', r.message_id) as facts
      from receipt r where r.delivery_id in (${MINE}) order by r.id`,
  },
  {
    step: 'withdrawn',
    text: `select done as at, json_build_object('delivery', id, 'why', withdrawn) as facts from delivery where message_id = $1 and state = 3 and done is not null order by id`,
  },
  {
    step: 'held',
    text: `select opened as at, json_build_object('hold', id, 'reason', reason, 'part', part, 'delivery', delivery_id, 'rule', rule) as facts
      from hold where message_id = $1 or delivery_id in (${MINE}) order by id`,
  },
  {
    step: 'released',
    text: `select done_at as at, json_build_object('hold', id, 'how', done, 'by', done_by) as facts
      from hold where (message_id = $1 or delivery_id in (${MINE})) and done_at is not null order by id`,
  },
  {
    step: 'answered',
    text: `select sent_at as at, json_build_object('code', code) as facts from reply where message_id = $1 and sent_at is not null`,
  },
  {
    step: 'viewed',
    text: `select at, json_build_object('by', who, 'action', action) as facts from audit where subject = 'message ' || $1::text order by id`,
  },
];

/** Codes become words; what is not known is left out. */
const factsOf = (step: TraceStep['step'], facts: Readonly<Record<string, Value>>): Record<string, string | number> => {
  const shown: Record<string, string | number> = {};
  for (const [name, value] of Object.entries(facts)) {
    if (value === null) continue;
    if (name === 'outcome' && typeof value === 'number') shown[name] = step === 'attempt' ? ATTEMPT.word(value) : OUTCOME.word(value);
    else shown[name] = value;
  }
  return shown;
};

/** Everything that happened to a message, oldest first, in the order of the flow where times are equal. Null for an unknown id. */
export const traceMessage = async (database: Database, id: MessageId): Promise<readonly TraceStep[] | null> => {
  const answers = await database.inTransaction(async (tx) => {
    await tx.query('set transaction isolation level repeatable read, read only');
    return Promise.all(SOURCES.map(async ({ step, text }) => ({ step, events: await tx.query<Event>(text, [id]) })));
  });
  const steps = answers.flatMap(({ step, events }) =>
    events.map((event): TraceStep => ({ at: event.at, step, facts: factsOf(step, event.facts) })),
  );
  return steps.length === 0 ? null : steps.sort((a, b) => a.at.getTime() - b.at.getTime());
};
