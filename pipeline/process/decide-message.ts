import { buildAck } from '../../formats/hl7v2/acknowledgement.ts';
import type { OdsCode } from '../../records/ids.ts';
import type { Filing, HeldPart, MessageWrite, PartWrite } from '../../records/process.ts';
import type { Plan } from '../plan/plan.ts';
import { ANSWER } from '../receive/receiver.ts';
import { decidePart } from './decide-part.ts';
import type { DecideParts } from './decide-parts.ts';
import { forwardMessage } from './forward-message.ts';
import type { MessageWork } from './work.ts';
import { Draft, type WorkingSet } from './working-set.ts';

export interface DecidedMessage {
  readonly write: MessageWrite;
  readonly filings: readonly Filing[];
}

const heldPart = (part: number, hold: HeldPart): PartWrite => ({
  part,
  personId: null,
  outcome: 'held',
  reason: hold.reason,
  rule: hold.rule ?? null,
  deliveries: 0,
  holds: [hold],
  issues: [],
  decision: null,
});

const ignoredPart = (why: string): PartWrite => ({
  ...heldPart(1, { reason: 'trigger-not-accepted' }),
  outcome: 'ignored',
  reason: why,
  holds: [],
});

/** Decides every part of one message. A part that fails leaves no trace in the working set; its neighbours go on. */
export const decideMessage = async (parts: DecideParts, set: WorkingSet, work: MessageWork): Promise<DecidedMessage> => {
  if (work.hold !== null) return finish(work, [heldPart(1, work.hold)], []);
  if (work.ignored !== undefined) return finish(work, [ignoredPart(work.ignored)], []);
  if (work.forward !== undefined) {
    const { write, filings } = await forwardMessage(parts, set, work, work.forward);
    return finish(work, [write], filings);
  }
  const writes: PartWrite[] = [];
  const filings: Filing[] = [];
  const sender = senderOf(parts.plan, work);
  const { plan, names, ids, tx, keep, telemetry } = parts;
  for (const part of work.parts) {
    if (work.done.has(part.part.part)) continue;
    const draft = new Draft(set);
    try {
      const decided = await decidePart({ plan, names, ids, tx, keep, telemetry, draft, sender }, work, part);
      if (decided.keep) draft.commit();
      writes.push(decided.write);
      filings.push(...decided.filings);
    } catch (error) {
      parts.telemetry.error('part-failed', error, { message: work.todo.id, part: part.part.part });
      writes.push(heldPart(part.part.part, { reason: 'internal' }));
    }
  }
  return finish(work, writes, filings);
};

/** The message's state is the first true of held, processed, ignored (ruling A13). */
const finish = (work: MessageWork, writes: readonly PartWrite[], filings: readonly Filing[]): DecidedMessage => {
  const lead = writes.find((part) => part.outcome === 'held') ?? writes.find((part) => part.outcome === 'processed') ?? writes[0];
  const outcome = lead?.outcome ?? 'processed';
  return {
    write: {
      message: work.todo,
      partCount: Math.max(1, work.parts.length),
      outcome,
      reason: lead?.reason ?? null,
      rule: lead?.rule ?? null,
      parts: writes,
      reply: replyFor(work, outcome === 'held'),
    },
    filings,
  };
};

/** The application answer of enhanced mode: AA once processed, AE where it is held (ruling A21). */
const replyFor = (work: MessageWork, held: boolean): MessageWrite['reply'] => {
  const wanted = held ? ANSWER.error : ANSWER.good;
  if ((work.todo.answer & wanted) === 0 || work.message === null) return null;
  const code = held ? 'AE' : 'AA';
  const bytes = buildAck({
    to: work.message,
    code,
    controlId: `TC${work.todo.id}A`,
    at: new Date(work.todo.received),
    ...(held ? { err: { code: 207, severity: 'E' as const, text: 'Held for a person to look at.' } } : {}),
  });
  return { code, bytes };
};

/** MSH-4 where it names an organisation the directory knows. */
const senderOf = (plan: Plan, work: MessageWork): OdsCode | null => {
  const code = work.message?.sendingFacility ?? '';
  if (code === '') return null;
  const found = plan.directory.organisation(code, work.todo.received);
  return found.found === 'one' ? found.entry.ods : null;
};
