import { type AckCode, readAck } from '../../formats/hl7v2/acknowledgement.ts';
import type { FaultCode } from '../../records/faults.ts';
import type { SendResult } from '../../records/ports.ts';
import { secondReading } from './second-reading.ts';

/** What a frame from the receiver is: an acknowledgement of some message, or nothing that can be believed. */
export type Answer = { readonly kind: 'ack'; readonly code: AckCode; readonly controlId: string } | { readonly kind: 'unreadable' };

/** Reads a frame with both readers; where they differ, neither is believed. */
export const readAnswer = (frame: Buffer): Answer => {
  const first = readAck(frame);
  const second = secondReading(frame);
  if (first === undefined || second === null) return { kind: 'unreadable' };
  const agree = first.code === second.code && first.controlId === second.controlId;
  return agree ? { kind: 'ack', code: first.code, controlId: first.controlId } : { kind: 'unreadable' };
};

/** The result that an acknowledgement of this very message means (HL7 table 0008). */
export const resultOf = (code: AckCode, reply: Buffer, onError: 'hold' | 'retry'): SendResult => {
  switch (code) {
    case 'AA':
      return { outcome: 'delivered', confirmed: true, receiptCode: code, reply };
    case 'CA':
      // Safe with the receiver; what came of it, it has not said.
      return { outcome: 'delivered', confirmed: false, receiptCode: code, reply };
    case 'AE':
    case 'CE':
      return onError === 'retry'
        ? { outcome: 'transient', code: 'answer-busy', sentBytes: true, receiptCode: code, reply, transport: false }
        : { outcome: 'permanent', code: 'answer-error', sentBytes: true, receiptCode: code, reply, transport: false };
    case 'AR':
    case 'CR':
      return { outcome: 'permanent', code: 'answer-reject', sentBytes: true, receiptCode: code, reply, transport: false };
    default:
      return code satisfies never;
  }
};

/** Nothing has left: the destination may be tried again with nothing to fear. */
export const notSent = (code: FaultCode, transport: boolean): SendResult => ({ outcome: 'transient', code, sentBytes: false, transport });
/** Nothing has left, and nothing will: the payload itself is at fault. */
export const unsendable = (code: FaultCode, sentBytes = false): SendResult => ({ outcome: 'permanent', code, sentBytes, transport: false });
/** Bytes have left and it is not known what became of them. */
export const unknown = (code: FaultCode, reply?: Buffer): SendResult => ({
  outcome: 'ambiguous',
  code,
  sentBytes: true,
  transport: true,
  ...(reply === undefined ? {} : { reply }),
});
