import type { FaultCode } from '../../records/faults.ts';
import type { StatusRecord } from './control-file.ts';
import { knownFault, meshFault, statusCode } from './status.ts';

/**
 * What a status record means. Its numbers mean different things under different events, and SUCCESS alone is not *sent*: TRANSFER 05 is a
 * success that has not happened yet.
 */
export type StatusMeaning =
  /** The client picked the pair up; nothing has left yet. */
  | { readonly is: 'collected' }
  /** The service has it. */
  | { readonly is: 'sent' }
  /** Not sent yet; the client goes on trying. */
  | { readonly is: 'delayed' }
  | { readonly is: 'failed'; readonly fault: FaultCode }
  /** It contradicts itself, or says too little. */
  | { readonly is: 'unclear' };

const GOOD: Readonly<Record<string, 'collected' | 'sent' | 'delayed'>> = {
  'COLLECT 00': 'collected',
  'TRANSFER 00': 'sent',
  'TRANSFER 05': 'delayed',
  'SEND 00': 'sent',
};

const keyOf = ({ event = '', code = '' }: StatusRecord): string => `${event} ${statusCode(code)}`;

export const meaningOf = (record: StatusRecord | undefined): StatusMeaning => {
  if (record === undefined) return { is: 'unclear' };
  const { event = '', code = '' } = record;
  const key = keyOf(record);
  const good = GOOD[key];
  if (record.status === 'SUCCESS') return { is: good ?? 'unclear' };
  // Without a word the code decides; a code that says it went well under ERROR contradicts itself.
  if (record.status !== 'ERROR' && record.status !== undefined) return { is: 'unclear' };
  if (record.status === undefined) {
    const bad = knownFault({ event, code });
    return good !== undefined ? { is: good } : bad === undefined ? { is: 'unclear' } : { is: 'failed', fault: bad };
  }
  return good === undefined ? { is: 'failed', fault: meshFault({ event, code }) } : { is: 'unclear' };
};

/** What the client would write of a failure, by ours: its event and code, where it has one. */
const WRITTEN: Partial<Readonly<Record<FaultCode, { readonly event: string; readonly code: string }>>> = {
  'control-file': { event: 'TRANSFER', code: '06' },
  'data-file-missing': { event: 'COLLECT', code: '02' },
  'empty-file': { event: 'COLLECT', code: '02' },
  'recipient-unknown': { event: 'SEND', code: '12' },
  'no-mailbox': { event: 'SEND', code: '12' },
  'no-addressee': { event: 'SEND', code: '08' },
  'not-collected': { event: 'SEND', code: '14' },
  'workflow-not-allowed': { event: 'SEND', code: '17' },
};

export const recordOf = (fault: FaultCode): { readonly event: string; readonly code: string } =>
  WRITTEN[fault] ?? { event: 'SEND', code: '06' };
