import { FAULTS, type FaultCode } from '../../records/faults.ts';
import type { Receipt } from '../../records/ports.ts';

/** What became of one message of a file. */
export interface MessageVerdict {
  /** Its place in the file, from 1. */
  readonly index: number;
  readonly receipt: Receipt;
}

/** Something wrong with the file itself. */
export interface FileFault {
  readonly code: FaultCode;
  /** `BTS-1`, `line 4`. */
  readonly at?: string | undefined;
  /** What its trailer counts, and what it holds. */
  readonly expected?: number | undefined;
  readonly actual?: number | undefined;
}

/** What became of a file: all its messages' receipts, and what is wrong with the file itself. */
export interface FileVerdict {
  readonly messages: readonly MessageVerdict[];
  readonly faults: readonly FileFault[];
}

export const isClean = (verdict: FileVerdict): boolean =>
  verdict.faults.length === 0 && verdict.messages.every((m) => m.receipt.outcome !== 'rejected');

const counted = (verdict: FileVerdict): string => {
  const counts = new Map<string, number>();
  for (const { receipt } of verdict.messages) counts.set(receipt.outcome, (counts.get(receipt.outcome) ?? 0) + 1);
  return [...counts].map(([outcome, count]) => `${count} ${outcome}`).join(', ');
};

const explained = (code: FaultCode): string => `${code}. ${FAULTS[code].means} ${FAULTS[code].next}`;

/** The text laid beside a file in `error/`: counts, places and codes; nothing of what the file says. */
export const errorText = (verdict: FileVerdict): string => {
  const lines = ['This file was not taken whole.', ''];
  for (const fault of verdict.faults) {
    const counts = fault.expected === undefined ? '' : `: stated ${fault.expected}, found ${fault.actual ?? 0}`;
    lines.push(`File${fault.at === undefined ? '' : ` at ${fault.at}`}${counts}: ${explained(fault.code)}`);
  }
  if (verdict.messages.length > 0) lines.push(`Messages found: ${verdict.messages.length} (${counted(verdict)}).`);
  for (const { index, receipt } of verdict.messages) {
    if (receipt.outcome !== 'rejected') continue;
    lines.push(`Message ${index}: ${explained(receipt.reason ?? 'internal')} Kept as message ${receipt.messageId}.`);
  }
  lines.push(
    '',
    'Messages stored, held or duplicate are safe and go on; nothing need be done for them.',
    'Drop a corrected file into the folder again: what was taken before is recognised and not taken twice.',
    '',
  );
  return lines.join('\n');
};

/** The note beside a file in `done/` that brought nothing new, or null. */
export const noteText = (verdict: FileVerdict): string | null => {
  const { messages } = verdict;
  if (messages.length === 0) return 'This file is a batch of no messages.\n';
  if (!messages.every((m) => m.receipt.outcome === 'duplicate')) return null;
  return `Received before: ${messages.length === 1 ? 'its message is a duplicate' : `all ${messages.length} messages are duplicates`}. Nothing was taken twice.\n`;
};
