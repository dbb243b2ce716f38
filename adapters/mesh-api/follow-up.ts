import type { TrackedMessage } from '../../formats/mesh/answers.ts';
import { sendFault } from '../../formats/mesh/status.ts';
import type { FarReceipt, FarReceipts } from '../../records/far-side.ts';
import { brandAs, type Instant } from '../../records/ids.ts';
import type { Telemetry } from '../../records/telemetry.ts';
import { errnoOf } from '../condition.ts';
import { MeshError } from './errors.ts';
import type { MeshMailbox } from './mailbox.ts';

/** Of the deliveries that are waited for, so many are asked about in one look: it can be hours until one is collected. */
const MOST_ASKED = 100;

/** What tracking says is a receipt, or that there is nothing to say yet. */
const receiptOf = (tracked: TrackedMessage): FarReceipt | null => {
  const good = tracked.status === 'acknowledged';
  if (!good && tracked.status !== 'error') return null;
  const code = /^[A-Za-z0-9-]{1,40}$/.test(tracked.code) ? tracked.code : '';
  return {
    stage: 'downloaded',
    good,
    ...(good ? {} : { fault: sendFault({ event: tracked.event, code }) }),
    receiptCode: good || code === '' ? tracked.status : code,
    ...(good || tracked.words === '' ? {} : { words: Buffer.from(tracked.words) }),
    ...(tracked.at === null ? {} : { at: brandAs<Instant>(new Date(tracked.at).toISOString()) }),
    reference: '',
  };
};

/**
 * Asks what became of messages that were sent and are not collected yet, as far as their next look is due. Never rejects: it is asked
 * again later.
 */
export const followUp = async (
  parts: { readonly mailbox: MeshMailbox; readonly far: Pick<FarReceipts, 'awaited' | 'note'>; readonly telemetry: Telemetry },
  signal: AbortSignal,
): Promise<void> => {
  const { mailbox, far, telemetry } = parts;
  try {
    for (const { farId } of await far.awaited(mailbox.id, MOST_ASKED)) {
      if (signal.aborted) return;
      const tracked = await mailbox.client.track(farId, signal);
      telemetry.count('mailbox_tracked', { mailbox: mailbox.name, known: tracked?.status ?? 'unknown' });
      const receipt = tracked === null ? null : receiptOf(tracked);
      if (receipt !== null) await far.note({ mailbox: mailbox.id, farId }, receipt);
    }
  } catch (error) {
    if (signal.aborted) return;
    const status = error instanceof MeshError && error.status !== null ? { status: String(error.status) } : {};
    telemetry.warn('mailbox.tracking-failed', { mailbox: mailbox.name, code: errnoOf(error), ...status });
  }
};
