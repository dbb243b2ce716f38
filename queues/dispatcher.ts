import type { ClaimedDelivery, HeadResult, LaneStore } from '../records/lanes.ts';
import type { OutboundDelivery, SendResult } from '../records/ports.ts';
import type { Telemetry } from '../records/telemetry.ts';
import { Deadline } from './deadline.ts';
import type { Outlet } from './outlet.ts';

/** Time an adapter has to give up after its deadline; then its slot is taken from it. */
const GRACE = 2_000;

export interface Sent {
  readonly result: HeadResult;
  /** The transport itself worked (true) or failed (false); undefined where this says nothing of it. */
  readonly transport: boolean | undefined;
  readonly ms: number;
}

const OVERDUE: SendResult = { outcome: 'ambiguous', code: 'answer-timeout', sentBytes: true, transport: true };
/** An adapter that throws has not said whether a byte left, so it may have. */
const BROKEN: SendResult = { outcome: 'ambiguous', code: 'connection-lost', sentBytes: true, transport: true };

const toResult = (claimed: ClaimedDelivery, sent: SendResult): HeadResult => {
  const ref = { lane: claimed.lane, delivery: claimed.delivery, token: claimed.token };
  if (sent.outcome === 'delivered') {
    const { confirmed, receiptCode, farId } = sent;
    return { ...ref, kind: 'delivered', confirmed, receiptCode, ...(farId === undefined ? {} : { farId }) };
  }
  const { outcome, code, sentBytes } = sent;
  return {
    ...ref,
    kind: 'failed',
    outcome,
    code,
    sentBytes,
    ...(sent.receiptCode === undefined ? {} : { receiptCode: sent.receiptCode }),
    ...(sent.reply === undefined ? {} : { reply: sent.reply }),
  };
};

/** Gives one claimed head to the adapter, under a deadline of our own on a steady clock. Never rejects. */
export const dispatch = async (lanes: LaneStore, outlet: Outlet, claimed: ClaimedDelivery, telemetry: Telemetry): Promise<Sent> => {
  let outbound: OutboundDelivery;
  try {
    outbound = await lanes.open(claimed, outlet);
  } catch (error) {
    telemetry.error('payload-unreadable', error, { delivery: claimed.delivery });
    const { lane, delivery, token } = claimed;
    return {
      result: { lane, delivery, token, kind: 'failed', outcome: 'permanent', code: 'internal', sentBytes: false },
      transport: undefined,
      ms: 0,
    };
  }
  const started = performance.now();
  const sent = await sendWithin(lanes, outlet, claimed, outbound, telemetry);
  const ms = performance.now() - started;
  telemetry.count('sends', { destination: outlet.name, outcome: sent.outcome });
  telemetry.observe('send', ms / 1_000, { destination: outlet.name });
  return {
    result: toResult(claimed, sent),
    transport: sent.outcome === 'delivered' ? true : sent.transport ? false : sent.receiptCode === undefined ? undefined : true,
    ms,
  };
};

const sendWithin = async (
  lanes: LaneStore,
  outlet: Outlet,
  { lane, delivery, token }: ClaimedDelivery,
  outbound: OutboundDelivery,
  telemetry: Telemetry,
): Promise<SendResult> => {
  const deadline = new Deadline(outlet.sendTimeoutMs, () => lanes.renew({ lane, delivery, token }, outlet.claimTtlMs));
  let grace: NodeJS.Timeout | undefined;
  const overdue = deadline.over.then(
    () =>
      new Promise<SendResult>((resolve) => {
        grace = setTimeout(() => {
          telemetry.warn('adapter-overdue', { destination: outlet.name, delivery });
          resolve(OVERDUE);
        }, GRACE);
      }),
  );
  try {
    return await Promise.race([outlet.adapter.send(outbound, deadline.signal, deadline.goesOn), overdue]);
  } catch (error) {
    telemetry.error('adapter-failed', error, { destination: outlet.name, delivery });
    return BROKEN;
  } finally {
    deadline.stop();
    clearTimeout(grace);
  }
};
