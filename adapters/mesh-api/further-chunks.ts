import { setTimeout as sleep } from 'node:timers/promises';
import { ThroughcareError } from '../../records/faults.ts';
import type { SendResult } from '../../records/ports.ts';
import { type Attempt, held, later, type OutParts, step, taken, unsure } from './attempt.ts';
import { type ChunkPlan, chunkAt, planOf } from './chunks.ts';
import { MeshError } from './errors.ts';
import { readFarName } from './far-name.ts';
import { chunkFailure } from './send-failure.ts';
import { uploadOf } from './upload.ts';

/** Least pause between tries to commit the id of a message that was begun, ms. */
const NOTE_AGAIN = 200;

/** Commits the id before anything more is sent under it. False: that cannot be now, or the claim is another's. */
export const note = async (parts: OutParts, attempt: Attempt, farId: string): Promise<boolean> => {
  const { delivery, deadline } = attempt;
  parts.lost.begun(delivery.id, farId);
  for (;;) {
    try {
      await delivery.noteFarId(farId);
      parts.lost.forget(delivery.id);
      step(parts, attempt, 'noted');
      return true;
    } catch (error) {
      if (deadline.aborted || (error instanceof ThroughcareError && error.code === 'claim-expired')) return false;
      await sleep(NOTE_AGAIN);
    }
  }
};

/** Goes on with a message that an earlier attempt has begun, of this daemon or another. */
export const resumeMessage = async (parts: OutParts, attempt: Attempt, farId: string): Promise<SendResult> => {
  const { id, begun } = readFarName(farId);
  const { size } = attempt.delivery;
  try {
    await parts.ready();
  } catch (error) {
    return chunkFailure(error, { begun: false, whole: false });
  }
  if (begun === null) return confirmTaken(parts, attempt, id);
  const plan = planOf(size, begun.count);
  if (plan === null) return held('mesh-refused', 'size');
  if (attempt.delivery.farId === null && !(await note(parts, attempt, farId))) return unsure;
  return sendRest(parts, attempt, id, plan, begun.gzip);
};

/** The chunks behind the first, in order, each as often as needed. */
export const sendRest = async (parts: OutParts, attempt: Attempt, id: string, plan: ChunkPlan, gzip: boolean): Promise<SendResult> => {
  const { payload, deadline, goesOn } = attempt;
  const headers = gzip ? { 'content-encoding': 'gzip' } : {};
  for (let chunk = 2; chunk <= plan.count; chunk += 1) {
    if (deadline.aborted || parts.stopping.aborted) return later(true);
    const range = chunkAt(plan, chunk);
    const { body, progress, end } = uploadOf(payload, range, gzip, goesOn);
    try {
      await parts.mailbox.client.sendChunk(id, range, headers, body, deadline);
    } catch (error) {
      // Final already: an earlier attempt's last chunk was taken, its answer lost.
      if (error instanceof MeshError && error.status === 423) return confirmTaken(parts, attempt, id);
      return chunkFailure(error, progress);
    } finally {
      end();
    }
    step(parts, attempt, 'chunk');
  }
  return taken(parts, attempt, id);
};

/** The service should have all of it: it says so itself. */
const confirmTaken = async (parts: OutParts, attempt: Attempt, id: string): Promise<SendResult> => {
  try {
    const tracked = await parts.mailbox.client.track(id, attempt.deadline);
    return tracked !== null && tracked.status !== 'uploading' ? taken(parts, attempt, id) : unsure;
  } catch (error) {
    return chunkFailure(error, { begun: true, whole: true });
  }
};
