import type { FarReceipts, IncomingReport } from '../../records/far-side.ts';
import { KNOWN_BY_WORKFLOW, type Settlement } from '../../records/intake.ts';
import type { Receipt } from '../../records/ports.ts';
import { outcomeOf, type ReceiverParts, transportIdentity, whyHeld } from './receiver.ts';

export interface ReportParts extends Pick<ReceiverParts, 'settings' | 'journal' | 'digest' | 'hashControlId' | 'telemetry'> {
  readonly far: Pick<FarReceipts, 'find' | 'note'>;
}

const MATCHED: Settlement = { outcome: 'processed', rule: 'mesh-report' };
const UNMATCHED: Settlement = { outcome: 'held', reason: 'report-unmatched' };

/**
 * Journal, then note, and only then is the report acknowledged: whatever is lost in between is healed when it comes again, for neither
 * takes it twice. Null, and nothing journalled, where no delivery is called so and another look is worth while.
 */
export const receiveReport = async (parts: ReportParts, report: IncomingReport): Promise<Receipt | null> => {
  const delivery = await parts.far.find(report.name);
  if (delivery === null && !report.final) return null;
  const settings = parts.settings(report.source);
  // Its id alone is what makes it the same report: headers read again may differ in times that mean nothing.
  const digest = parts.digest(Buffer.from(`report ${report.transportId}`, 'utf8'));
  const settled = delivery === null ? UNMATCHED : MATCHED;
  const result = await parts.journal.append({
    sourceId: settings.id,
    sender: '',
    controlId: transportIdentity(parts, report, digest),
    type: report.type,
    digest,
    body: report.bytes,
    connection: report.connection,
    answer: KNOWN_BY_WORKFLOW,
    settled,
    reused: settings.reused,
    windowMs: settings.windowMs,
    ...(report.meta === undefined ? {} : { meta: report.meta }),
    ...(report.fence === undefined ? {} : { fence: report.fence }),
  });
  const messageId = result.kind === 'duplicate' ? result.of : result.messageId;
  if (delivery !== null && (await parts.far.note(report.name, { ...report.receipt, messageId })) === 'unmatched')
    parts.telemetry.warn('mailbox.report-unmatched', { source: settings.name, message: messageId });
  parts.telemetry.count('messages_received', { source: settings.name, outcome: result.kind });
  const reason = whyHeld(result, settled);
  return { outcome: outcomeOf(result), messageId: result.messageId, reply: null, ...(reason === undefined ? {} : { reason }) };
};
