import type { AckCode } from './acknowledgement.ts';

/**
 * Which answers a sender is owed (HL7 v2.5.1 §2.9.2, §2.9.3, table 0155). Both MSH-15 and MSH-16 empty: original mode, one application
 * answer at once. Either valued: enhanced mode, an accept answer when safely stored, an application answer after processing.
 */
export type AckMode = 'original' | 'enhanced';

/** How a message fared: `error` → AE/CE, `reject` → AR/CR. */
export type ReplyOutcome = 'good' | 'error' | 'reject';

const stated = (value: string): string => {
  const word = value.trim().toUpperCase();
  return word === '""' ? '' : word;
};

export const ackMode = (acceptAck: string, applicationAck: string): AckMode =>
  stated(acceptAck) === '' && stated(applicationAck) === '' ? 'original' : 'enhanced';

/** AL always, SU success only, ER error only, NE or empty never. A word outside the table is taken as AL: an answer too many does no harm. */
function wanted(condition: string, outcome: ReplyOutcome): boolean {
  switch (stated(condition)) {
    case '':
    case 'NE':
      return false;
    case 'SU':
      return outcome === 'good';
    case 'ER':
      return outcome !== 'good';
    default:
      return true;
  }
}

const APPLICATION = { good: 'AA', error: 'AE', reject: 'AR' } as const satisfies Record<ReplyOutcome, AckCode>;
const ACCEPT = { good: 'CA', error: 'CE', reject: 'CR' } as const satisfies Record<ReplyOutcome, AckCode>;

/** Answer due once the message is stored, or refused; undefined = none. */
export function replyAtReceipt(
  acceptAck: string,
  applicationAck: string,
  outcome: ReplyOutcome,
  mode = ackMode(acceptAck, applicationAck),
): AckCode | undefined {
  if (mode === 'original') return APPLICATION[outcome];
  return wanted(acceptAck, outcome) ? ACCEPT[outcome] : undefined;
}

/** Answer due once the message is processed; undefined = none. In original mode AA was given at receipt and nothing follows. */
export function replyAfterProcessing(
  acceptAck: string,
  applicationAck: string,
  outcome: ReplyOutcome,
  mode = ackMode(acceptAck, applicationAck),
): AckCode | undefined {
  return mode === 'enhanced' && wanted(applicationAck, outcome) ? APPLICATION[outcome] : undefined;
}
