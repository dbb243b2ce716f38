import type { MeshDestinationSettings } from '../../config/types-mesh.ts';
import type { FaultCode } from '../../records/faults.ts';
import type { DestinationName } from '../../records/ids.ts';
import type { OutboundDelivery, SendResult } from '../../records/ports.ts';
import type { Telemetry } from '../../records/telemetry.ts';
import type { Lookups } from './lookup.ts';
import type { Lost } from './lost.ts';
import type { MeshMailbox } from './mailbox.ts';
import type { Payload } from './payload.ts';

/**
 * Where an attempt is, told as event `destination.mesh-step` before the next byte leaves or the result is given; each is a place at which
 * a daemon may die. `first`: nothing has left · `taken`: the service has answered the first request · `noted`: its id is committed ·
 * `chunk`: a further chunk was taken · `whole`: the service has all of it.
 */
export const SEND_STEPS = ['first', 'taken', 'noted', 'chunk', 'whole'] as const;
export type SendStep = (typeof SEND_STEPS)[number];

/** What all attempts of a destination share. */
export interface OutParts {
  readonly name: DestinationName;
  readonly settings: Omit<MeshDestinationSettings, 'kind'>;
  readonly mailbox: MeshMailbox;
  readonly telemetry: Telemetry;
  readonly lookups: Lookups;
  readonly lost: Lost;
  /** The handshake, where it is due; and which version the service speaks. Nothing of a message has left when it rejects. */
  ready(): Promise<void>;
  /** No further chunk is to be begun. */
  readonly stopping: AbortSignal;
}

/** One attempt and what it works with. */
export interface Attempt {
  readonly delivery: OutboundDelivery;
  readonly payload: Payload;
  readonly deadline: AbortSignal;
  readonly goesOn: () => void;
}

export const step = ({ name, telemetry }: OutParts, { delivery }: Attempt, at: SendStep): void =>
  telemetry.event('destination.mesh-step', { destination: name, delivery: delivery.id, step: at });

/** Held before any byte; `receiptCode` says which part of it is to blame. */
export const held = (code: FaultCode, receiptCode?: string): SendResult => ({
  outcome: 'permanent',
  code,
  sentBytes: false,
  transport: false,
  ...(receiptCode === undefined ? {} : { receiptCode }),
});

/** Nothing to do with the service: our own time is over, or we are stopping. */
export const later = (sentBytes: boolean): SendResult => ({ outcome: 'transient', code: 'send-failed', sentBytes, transport: false });

/** The service has begun a message, or has all of it, and we do not know which. No receipt code: that would say that it turned it away. */
export const unsure: SendResult = { outcome: 'ambiguous', code: 'mesh-unknown', sentBytes: true, transport: false };

/** The service has all of it, under this id. */
export const taken = (parts: OutParts, attempt: Attempt, id: string): SendResult => {
  const { telemetry, mailbox, settings } = parts;
  step(parts, attempt, 'whole');
  telemetry.count('mailbox_sent_bytes', { mailbox: mailbox.name }, attempt.delivery.size);
  // The service expects a look into the inbox right after a send.
  mailbox.lookSoon();
  return { outcome: 'delivered', confirmed: settings.confirmedBy === 'accepted', receiptCode: '202', farId: id };
};
