import { beginsHl7, readBatch } from '../../formats/hl7v2/batch.ts';
import type { FaultCode } from '../../records/faults.ts';
import type { DestinationName } from '../../records/ids.ts';
import { brandAs } from '../../records/ids.ts';
import type { HeldPart, TodoMessage } from '../../records/process.ts';
import type { DestinationPlan, Plan } from '../plan/plan.ts';
import { checkReceipt } from '../receive/receipt-checks.ts';
import type { Names } from './names.ts';
import { readWork } from './read-work.ts';
import type { MessageWork } from './work.ts';

/** What the configuration says by now of a message that is known by its workflow. */
export type Disposal =
  | { readonly do: 'forward'; readonly to: DestinationPlan }
  /** It may be HL7: its bytes are wanted. */
  | { readonly do: 'read' }
  | { readonly do: 'hold'; readonly reason: FaultCode };

/** `type` of what the service reports of a message. */
const REPORT = 'REPORT';

export const disposalOf = (plan: Plan, todo: TodoMessage): Disposal => {
  const { workflows, others, receipt } = plan.source(todo.sourceId);
  const said = workflows.get(todo.type ?? '');
  switch (said?.do) {
    case 'forward': {
      const to = plan.destinations.get(brandAs<DestinationName>(said.to));
      return to === undefined ? { do: 'hold', reason: 'no-forward' } : { do: 'forward', to };
    }
    case 'process':
      return todo.size > receipt.maxSize ? { do: 'hold', reason: 'message-too-long' } : { do: 'read' };
    case 'hold':
      return { do: 'hold', reason: 'workflow-held' };
    case 'leave':
      return { do: 'hold', reason: 'no-forward' };
    // Its delivery was looked for when it came; there is nothing else to be done with it.
    case 'acknowledge':
      return { do: 'hold', reason: 'report-unmatched' };
    default:
      if (todo.type === REPORT) return { do: 'hold', reason: 'report-unmatched' };
      return { do: 'hold', reason: others === 'hold' ? 'workflow-held' : 'no-forward' };
  }
};

/**
 * Reads what its mailbox took without looking into it: HL7 that was held, or too long, and was released since. It meets the receipt checks
 * only now; what fails them is held, for its sender was told nothing and will not mend it.
 */
export const readByWorkflow = (
  plan: Plan,
  names: Names,
  todo: TodoMessage,
  disposal: Disposal,
  done: ReadonlySet<number> | undefined,
): MessageWork => {
  const source = plan.source(todo.sourceId);
  const whole = { todo, source, message: null, mapped: null, parts: [], hold: null, done: done ?? new Set<number>() };
  const held = (hold: HeldPart): MessageWork => ({ ...whole, hold });
  if (disposal.do === 'forward') return { ...whole, forward: disposal.to };
  if (disposal.do === 'hold') return held({ reason: disposal.reason });
  if (beginsHl7(todo.bytes) === undefined) return held({ reason: 'no-mapping' });
  const { messages, findings } = readBatch(todo.bytes);
  const [message] = messages;
  if (message === undefined || messages.length > 1 || findings.length > 0)
    return held({ reason: 'no-mapping', say: 'a batch of messages in one: pass it on, or have its messages sent one by one' });
  const verdict = checkReceipt(message.bytes, source.receipt);
  if (verdict.kind === 'rejected') return held({ reason: verdict.reason });
  if (verdict.kind === 'ignored') return { ...whole, ignored: verdict.why };
  return readWork(plan, names, { ...todo, type: verdict.type, bytes: message.bytes }, done);
};
