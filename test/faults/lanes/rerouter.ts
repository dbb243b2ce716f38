import type { Verdict } from '../../../queues/outlet.ts';
import type { ClaimedDelivery } from '../../../records/lanes.ts';
import { confirmRoute, refile } from '../../../store/lanes/refile.ts';
import { retryTransaction } from '../../../store/retry.ts';
import { filing } from '../../support/lanes.ts';
import { type ActorParts, lockSurvivors, routeOf } from './filer.ts';

/** The pipeline's part at dispatch: a stale head goes on, goes elsewhere, or is held where it may have arrived already. */
export class Rerouter {
  readonly #parts: Pick<ActorParts, 'database' | 'vault' | 'draw' | 'far' | 'did'>;

  constructor(parts: Pick<ActorParts, 'database' | 'vault' | 'draw' | 'far' | 'did'>) {
    this.#parts = parts;
  }

  async check(claimed: ClaimedDelivery): Promise<Verdict> {
    const { database, vault, draw, far, did } = this.#parts;
    const elsewhere = draw.happens(0.4) ? far.find((one) => one.id !== claimed.destination) : undefined;
    if (elsewhere !== undefined && !claimed.movable && draw.happens(0.2)) return { verdict: 'held', code: 'location-unknown' };
    return retryTransaction(database, async (tx): Promise<Verdict> => {
      const survivor = (await lockSurvivors(tx, [claimed.person])).get(claimed.person);
      if (survivor === undefined || elsewhere === undefined || !claimed.movable) {
        if (survivor !== undefined) await confirmRoute(tx, claimed, survivor.version);
        return { verdict: 'go' };
      }
      const moved = await refile(tx, vault, claimed, [
        filing(elsewhere.id, survivor.id, { decidedVersion: survivor.version, priority: claimed.priority, route: routeOf(survivor.id) }),
      ]);
      did('re-routed');
      return moved.done ? { verdict: 'replaced', heads: moved.heads } : { verdict: 'lost' };
    });
  }
}
