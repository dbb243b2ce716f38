import { readMessage } from '../../formats/hl7v2/reader.ts';
import { type ReplyOutcome, replyAfterProcessing, replyAtReceipt } from '../../formats/hl7v2/reply-due.ts';

/** What the header of an outgoing message says of its answer. */
export interface OutgoingHeader {
  /** MSH-10: what MSA-2 of the answer must echo. */
  readonly controlId: string;
  /**
   * What MSH-15 and MSH-16 ask for (HL7 v2.5.1 §2.9.2, §2.9.3; table 0155). `none`: no answer will ever come.
   * `failure`: only a negative one.
   */
  readonly answer: 'always' | 'failure' | 'none';
}

const CR = 0x0d;
/** Most bytes looked at for the end of the MSH segment. */
const LONGEST_HEADER = 65_536;

/** True once the bytes hold the whole MSH segment. */
export const hasHeader = (head: Buffer): boolean => head.length >= LONGEST_HEADER || head.subarray(0, LONGEST_HEADER).includes(CR);

/** Reads the MSH segment. Throws ThroughcareError (`not-hl7`, `bad-delimiters`). */
export const outgoingHeader = (head: Buffer): OutgoingHeader => {
  const end = head.subarray(0, LONGEST_HEADER).indexOf(CR);
  const message = readMessage(end < 0 ? head.subarray(0, LONGEST_HEADER) : head.subarray(0, end + 1));
  const owed = (outcome: ReplyOutcome): boolean => {
    const { acceptAck, applicationAck } = message;
    return (replyAtReceipt(acceptAck, applicationAck, outcome) ?? replyAfterProcessing(acceptAck, applicationAck, outcome)) !== undefined;
  };
  return { controlId: message.controlId, answer: owed('good') ? 'always' : owed('error') ? 'failure' : 'none' };
};
