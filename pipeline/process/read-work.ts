import { readMessage } from '../../formats/hl7v2/reader.ts';
import { custodyRecord } from '../../patients/derived-records.ts';
import { readEvidence } from '../../patients/evidence.ts';
import { ThroughcareError } from '../../records/faults.ts';
import type { MappedPart } from '../../records/mapped.ts';
import type { HeldPart, TodoMessage } from '../../records/process.ts';
import type { Plan } from '../plan/plan.ts';
import type { Names } from './names.ts';
import type { MessageWork, PartWork } from './work.ts';

const NO_PARTS: ReadonlySet<number> = new Set();

/** Reads and maps one message. Pure work that may be done ahead; a message that cannot be read or has no mapping is held whole. */
export const readWork = (plan: Plan, names: Names, todo: TodoMessage, done = NO_PARTS): MessageWork => {
  const source = plan.source(todo.sourceId);
  const held = (hold: HeldPart): MessageWork => ({ todo, source, message: null, mapped: null, parts: [], hold, done });
  let message: ReturnType<typeof readMessage>;
  try {
    message = readMessage(todo.bytes);
  } catch (error) {
    if (error instanceof ThroughcareError) return held({ reason: 'unreadable' });
    throw error;
  }
  // Of a large message from a mailbox the receipt checks saw the beginning alone.
  if (!message.charset.valid) return held({ reason: 'wrong-charset' });
  const mapping = plan.inbound(source.name, todo.type ?? '');
  if (mapping === undefined) return held({ reason: 'no-mapping' });
  const mapped = mapping.run(message, {
    source: source.name,
    receivedAt: todo.received,
    zone: plan.zone,
    system: source.system,
    directory: plan.lookup,
    nameContent: names.content,
  });
  const parts = mapped.parts.map((part) => partWork(plan, part, todo));
  return { todo, source, message, mapped, parts, hold: null, done };
};

const partWork = (plan: Plan, part: MappedPart, todo: TodoMessage): PartWork => ({
  part,
  evidence: readEvidence(part.identify, plan.environment),
  custody: part.custody === null ? null : custodyRecord(part.custody, part.asOf, todo.received),
  retired: part.merge === null ? null : readEvidence(part.merge.retired, plan.environment),
});
