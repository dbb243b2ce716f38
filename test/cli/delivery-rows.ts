import type { DeliveryDetail, DeliveryRow } from '../../cli/operations.ts';
import { brandAs, type DeliveryId, type DestinationName, type LaneId, type MessageId } from '../../records/ids.ts';

const at = new Date('2026-03-02T14:05:00Z');

/** A delivery as the command line shows one: held, and sent before to a far side that gave it an id. */
export const delivery: DeliveryRow = {
  id: brandAs<DeliveryId>(31),
  destination: brandAs<DestinationName>('leeds-clinical'),
  lane: brandAs<LaneId>(5),
  phase: 'held',
  state: 'held',
  message: brandAs<MessageId>(17),
  transportKey: 'TC0000000031',
  priority: 3,
  attempts: 2,
  lastOutcome: 'permanent',
  lastCode: 'answer-error',
  nextAt: null,
  sentFirst: at,
  done: null,
  receiptCode: 'AE',
  withdrawn: null,
  farId: '20261123101010_AB12',
  resendOf: brandAs<DeliveryId>(29),
  overdue: true,
};

export const deliveryDetail: DeliveryDetail = {
  ...delivery,
  tried: [{ at, outcome: 'permanent', code: 'answer-error', receiptCode: 'AE', sentBytes: true, hasReply: true }],
  receipts: [
    {
      at,
      happened: new Date('2026-03-01T09:00:00Z'),
      stage: 'reported',
      good: false,
      code: 'EPL-153',
      fault: 'patient-not-routed',
      farId: '20261120101010_OLD1',
      former: true,
      message: brandAs<MessageId>(99),
      hasWords: true,
    },
  ],
};
