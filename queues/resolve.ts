import type { ClaimedDelivery, HeadRef, HeadResult, LaneStore } from '../records/lanes.ts';
import type { Resolution } from '../records/ports.ts';
import type { Priority } from '../records/states.ts';
import type { Telemetry } from '../records/telemetry.ts';
import { within } from './backend.ts';
import type { Outlet } from './outlet.ts';
import type { HeadEnd, Sender } from './sender.ts';

const UNKNOWN: Resolution = { known: 'unknown' };

const resultOf = (outlet: Outlet, claimed: ClaimedDelivery, resolution: Resolution): HeadResult => {
  const ref = { lane: claimed.lane, delivery: claimed.delivery, token: claimed.token };
  if (resolution.known === 'delivered') {
    const { receiptCode, farId } = resolution;
    const confirmed = resolution.confirmed ?? outlet.far?.confirmedBy === 'accepted';
    return { ...ref, kind: 'delivered', confirmed, receiptCode, ...(farId === undefined ? {} : { farId }) };
  }
  // What was begun stays begun: due again, under the id that was noted, and nowhere else.
  if (resolution.known === 'begun') return { ...ref, kind: 'returned' };
  return { ...ref, kind: resolution.known === 'not-sent' ? 'unsent' : 'unknown' };
};

/**
 * Finds out what became of attempts whose outcome is unknown. Where the receiver recognises duplicates there is nothing to ask: it is
 * sent again. An answer that is still unknown is asked for again later, and after some times a person decides.
 */
export const resolveHeads = async (
  lanes: LaneStore,
  outlet: Outlet,
  sender: Sender,
  heads: readonly HeadRef[],
  priority: Priority,
  telemetry: Telemetry,
): Promise<HeadEnd[]> => {
  const claims = await lanes.ask(heads, outlet.claimTtlMs);
  const loaded = await lanes.load(claims);
  const results = await Promise.all(
    loaded.map(async (claimed) => {
      const { lane, delivery, token } = claimed;
      // Sending again is safe here, but no proof that the first did not arrive.
      if (outlet.adapter.dedupable) return { lane, delivery, token, kind: 'returned' as const };
      const resolution = await ask(lanes, outlet, claimed, telemetry);
      telemetry.count('resolutions', { destination: outlet.name, known: resolution.known });
      return resultOf(outlet, claimed, resolution);
    }),
  );
  return results.length === 0 ? [] : sender.file(results, priority);
};

const ask = async (lanes: LaneStore, outlet: Outlet, claimed: ClaimedDelivery, telemetry: Telemetry): Promise<Resolution> => {
  try {
    return await within(outlet.sendTimeoutMs, 'asking the receiver', outlet.adapter.resolve(await lanes.open(claimed, outlet)));
  } catch (error) {
    telemetry.error('resolve-failed', error, { destination: outlet.name, delivery: claimed.delivery });
    return UNKNOWN;
  }
};
