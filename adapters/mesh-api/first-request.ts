import { MEX, writeChunkRange } from '../../formats/mesh/headers.ts';
import { planSending, type Sending } from '../../formats/mesh/sending.ts';
import type { SendResult } from '../../records/ports.ts';
import { type Attempt, held, later, type OutParts, step, taken, unsure } from './attempt.ts';
import { type ChunkPlan, chunkAt, planChunks } from './chunks.ts';
import { compresses, SNIFFED } from './compression.ts';
import { writeBegun } from './far-name.ts';
import { note, sendRest } from './further-chunks.ts';
import { firstFailure } from './send-failure.ts';
import { uploadOf } from './upload.ts';

/** Sends a message nothing was sent of. All that can be known before the first byte is found out before it. */
export const beginMessage = async (parts: OutParts, attempt: Attempt): Promise<SendResult> => {
  const { settings, mailbox } = parts;
  const { delivery, payload, deadline } = attempt;
  const { transportKey, contentType, envelope, size } = delivery;
  const sending = planSending(settings, { from: mailbox.id, transportKey, contentType, envelope });
  if ('fault' in sending) return held(sending.fault, sending.header);
  const plan = planChunks(size, settings.chunkSize);
  if (plan === null) return held('mesh-refused', 'size');
  let to: string | SendResult;
  let gzip: boolean;
  try {
    await parts.ready();
    to = await addressee(parts, sending);
    if (typeof to !== 'string') return to;
    gzip = compresses(settings.compress, size, await payload.head(SNIFFED));
  } catch (error) {
    return firstFailure(error, { begun: false, whole: false });
  }
  if (deadline.aborted) return later(false);
  const id = await firstRequest(parts, attempt, sending, to, plan, gzip);
  if (typeof id !== 'string') return id;
  if (plan.count === 1) return taken(parts, attempt, id);
  step(parts, attempt, 'taken');
  if (!(await note(parts, attempt, writeBegun(id, plan.count, gzip)))) return unsure;
  return sendRest(parts, attempt, id, plan, gzip);
};

const addressee = async ({ lookups }: OutParts, { to, workflow }: Sending): Promise<string | SendResult> => {
  if ('mailbox' in to) return to.mailbox;
  const found = await lookups.find(to.organisation, workflow);
  if ('mailbox' in found) return found.mailbox;
  return 'none' in found ? held('no-mailbox') : held('mailbox-ambiguous', String(found.several));
};

/** Resolves with the service's id of the message, or with what the failure means. */
const firstRequest = async (
  parts: OutParts,
  attempt: Attempt,
  sending: Sending,
  to: string,
  plan: ChunkPlan,
  gzip: boolean,
): Promise<string | SendResult> => {
  const { mailbox, lost, lookups } = parts;
  const range = chunkAt(plan, 1);
  const headers = {
    ...Object.fromEntries(Object.entries(sending.headers).map(([name, value]) => [`mex-${name}`, value])),
    [MEX.from]: mailbox.id,
    [MEX.to]: to,
    [MEX.workflowId]: sending.workflow,
    [MEX.chunkRange]: writeChunkRange(range),
    'content-type': sending.headers['content-type'] ?? 'application/octet-stream',
    ...(gzip ? { 'content-encoding': 'gzip' } : {}),
  };
  const { body, progress, end } = uploadOf(attempt.payload, range, gzip, attempt.goesOn);
  step(parts, attempt, 'first');
  try {
    return await mailbox.client.send(headers, body, attempt.deadline);
  } catch (error) {
    const failure = firstFailure(error, progress);
    if (failure.outcome === 'ambiguous') lost.at(attempt.delivery.id);
    if (failure.code === 'recipient-unknown' && 'organisation' in sending.to) lookups.forget(sending.to.organisation, sending.workflow);
    return failure;
  } finally {
    end();
  }
};
