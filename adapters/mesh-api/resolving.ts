import type { OutboundDelivery, Resolution } from '../../records/ports.ts';
import type { OutParts } from './attempt.ts';
import { planOf } from './chunks.ts';
import { readFarName, writeBegun } from './far-name.ts';

const FAILED: ReadonlySet<string> = new Set(['error', 'undeliverable']);
const UNKNOWN: Resolution = { known: 'unknown' };

/**
 * Finds out what became of an attempt whose outcome is unknown: by the service's id where one was noted, else by our local id where that is
 * ours alone. Rejects where the service cannot be asked.
 */
export const resolveMessage = async (parts: OutParts, delivery: OutboundDelivery): Promise<Resolution> => {
  await parts.ready();
  const noted = delivery.farId ?? parts.lost.farId(delivery.id);
  if (noted !== null) return byId(parts, delivery, noted);
  return parts.settings.localId === 'key' ? byKey(parts, delivery) : UNKNOWN;
};

const byId = async (parts: OutParts, delivery: OutboundDelivery, noted: string): Promise<Resolution> => {
  const { id, begun } = readFarName(noted);
  const tracked = await parts.mailbox.client.track(id);
  if (tracked !== null && tracked.status !== 'uploading') return found(parts, delivery, id, tracked.status);
  if (begun === null) return UNKNOWN;
  if (delivery.farId === null) await delivery.noteFarId(noted);
  return { known: 'begun' };
};

/** Version 1 alone knows local ids; and a message that was just sent may not be seen at once. */
const byKey = async (parts: OutParts, delivery: OutboundDelivery): Promise<Resolution> => {
  const tracked = await parts.mailbox.client.trackByLocalId(delivery.transportKey);
  if (tracked === 'several') {
    parts.telemetry.warn('destination.sent-twice', { destination: parts.name, delivery: delivery.id });
    return UNKNOWN;
  }
  if (tracked === null) return { known: parts.lost.settled(delivery.id) ? 'not-sent' : 'unknown' };
  const { id, status, chunks, gzip } = tracked;
  // One that failed may be the send before a person let it go again: whether this one was taken too is not known.
  if (id === '' || FAILED.has(status)) return UNKNOWN;
  if (status !== 'uploading') return found(parts, delivery, id, status);
  // Its first chunk was taken. How it was cut is the service's to say: what is sent on must fit.
  if (chunks === null || chunks < 2 || gzip === null || planOf(delivery.size, chunks) === null) return UNKNOWN;
  await delivery.noteFarId(writeBegun(id, chunks, gzip));
  return { known: 'begun' };
};

const found = ({ lost, settings }: OutParts, delivery: OutboundDelivery, id: string, status: string): Resolution => {
  lost.forget(delivery.id);
  const receiptCode = /^[a-z]{1,20}$/.test(status) ? status : '202';
  return { known: 'delivered', confirmed: settings.confirmedBy === 'accepted', receiptCode, farId: id };
};
