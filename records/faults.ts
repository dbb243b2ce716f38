import type { FaultEntry } from './faults/entry.ts';
import { mailboxFaults } from './faults/mailbox.ts';
import { processingFaults } from './faults/processing.ts';
import { receiptFaults } from './faults/receipt.ts';
import { sendingFaults } from './faults/sending.ts';

/**
 * The catalogue of everything that can go wrong with a message or a delivery. A code is stable: it is what logs, metrics,
 * holds, attempts and answers carry. `means` and `next` are shown to the person on call. Neither ever holds patient data.
 */
const entries = { ...receiptFaults, ...processingFaults, ...mailboxFaults, ...sendingFaults } as const satisfies Readonly<
  Record<string, FaultEntry>
>;

export type FaultCode = keyof typeof entries;
export interface Fault extends FaultEntry {
  readonly code: FaultCode;
}
export const FAULTS: Readonly<Record<FaultCode, FaultEntry>> = entries;
export const fault = (code: FaultCode): Fault => ({ code, ...FAULTS[code] });
export const isFaultCode = (text: string): text is FaultCode => Object.hasOwn(entries, text);

/** An error of the product: its code says everything; `detail` is for a place (file:line, setting name), never for data. */
export class ThroughcareError extends Error {
  readonly code: FaultCode;
  constructor(code: FaultCode, detail = '', options?: ErrorOptions) {
    super(detail === '' ? code : `${code}: ${detail}`, options);
    this.name = 'ThroughcareError';
    this.code = code;
  }
}
