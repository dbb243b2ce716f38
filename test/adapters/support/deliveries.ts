import { createHash } from 'node:crypto';
import { brandAs, type DeliveryId, type DestinationName, type LaneId, type Token, type TransportKey } from '../../../records/ids.ts';
import type { Envelope, OutboundDelivery } from '../../../records/ports.ts';

let next = 0;

export const destinationName = (name: string): DestinationName => brandAs<DestinationName>(name);

export const message = (
  controlId: string,
  over: { acceptAck?: string; applicationAck?: string; version?: string; text?: string } = {},
): string =>
  `MSH|^~\\&|THRU|RLE|GP|A81001|20260302140500+0000||ADT^A01^ADT_A01|${controlId}|P|${over.version ?? '2.4'}|||${over.acceptAck ?? ''}|${over.applicationAck ?? ''}\r` +
  `EVN|A01|20260302140500\rPID|1||9990000018^^^NHS^NH||TESTER^MORGAN\rNTE|1||${over.text ?? 'received'}\r`;

export interface DeliveryDraft {
  readonly key?: string;
  readonly lane?: number;
  readonly token?: number;
  readonly bytes?: Buffer;
  /** Streamed in these pieces instead of handed over whole. */
  readonly pieces?: readonly Buffer[] | (() => AsyncIterable<Buffer>);
  readonly size?: number;
  readonly contentType?: string;
  readonly envelope?: Envelope;
  /** As an earlier attempt left it. */
  readonly farId?: string;
  /** Sees what the adapter commits before it sends on. */
  readonly onFarId?: (farId: string) => void | Promise<void>;
}

/** A claimed head as the dispatcher hands it over. */
export const delivery = (draft: DeliveryDraft = {}): OutboundDelivery => {
  next += 1;
  const key = draft.key ?? `TC${String(next).padStart(10, '0')}`;
  const { pieces } = draft;
  const whole = draft.bytes ?? (Array.isArray(pieces) ? Buffer.concat(pieces) : Buffer.from(message(key)));
  return {
    id: brandAs<DeliveryId>(next),
    lane: brandAs<LaneId>(draft.lane ?? 1),
    token: brandAs<Token>(draft.token ?? 1),
    transportKey: brandAs<TransportKey>(key),
    contentType: draft.contentType ?? 'x-application/hl7-v2+er7',
    bytes: pieces === undefined ? whole : null,
    size: draft.size ?? whole.length,
    stream: async function* (from = 0) {
      let left = from;
      for await (const piece of typeof pieces === 'function' ? pieces() : (pieces ?? [whole])) {
        if (left < piece.length) yield piece.subarray(left);
        left = Math.max(0, left - piece.length);
      }
    },
    envelope: draft.envelope ?? {},
    farId: draft.farId ?? null,
    noteFarId: async (farId) => {
      await draft.onFarId?.(farId);
    },
    digest: async () => createHash('sha256').update(whole).digest('hex'),
  };
};

/** A deadline that does not come in a test. */
export const noDeadline = (): AbortSignal => new AbortController().signal;
