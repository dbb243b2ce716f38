import type { KindName } from '../records/kinds/index.ts';
import type { Action } from '../records/mapped.ts';
import type { Location } from '../records/whereabouts.ts';
import { resolvePath } from './paths.ts';
import { type Answer, type KnownValues, possible } from './possible.ts';
import type { CompiledRoute } from './rule.ts';

/** What is certain of a record before there is one; what is left out is not known. */
export interface Certain {
  readonly kind: KindName;
  readonly location?: Location;
  readonly action?: Action;
}

const knowing = ({ kind, location, action }: Certain): KnownValues => {
  return (text) => {
    if (text === 'kind') return [kind];
    if (text === 'action' && action !== undefined) return [action];
    if (text === 'person.location' && location !== undefined) return location === 'court' ? ['in', 'court'] : [location];
    const path = resolvePath(text);
    // A field of another kind reads nothing.
    return 'wrong' in path || path.kind === null || path.kind === kind ? undefined : [];
  };
};

/** Does the route take such a record: always, never, or as the case may be? */
export const takes = (route: CompiledRoute, certain: Certain): Answer =>
  route.condition === null ? 'yes' : possible(route.condition, knowing(certain));
