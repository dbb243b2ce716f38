import type { KindName } from '../../records/kinds/index.ts';
import { reachable } from '../../routing/reach.ts';
import type { RouteRule } from '../../routing/rule.ts';
import { directory, HOUSE, routes, rule } from './made.ts';

const ALL = 'put replace cancel error';
const reached = (rules: readonly RouteRule[], ...kinds: readonly KindName[]): Record<string, string> =>
  Object.fromEntries(
    [...reachable(routes(...rules), directory().entries, kinds)].flatMap(([destination, byKind]) =>
      [...byKind].map(([kind, actions]) => [`${destination} ${kind}`, [...actions].join(' ')]),
    ),
  );

describe('what the routes may send where', () => {
  it('follows a role to every organisation it may turn out to be, by the endpoint for the kind', () => {
    expect(reached(HOUSE, 'document')).toEqual({
      'gp-hill-letters document': ALL,
      'gp-quay document': ALL,
      'gp-later document': ALL,
      'leeds document': ALL,
      'moorland document': ALL,
      'unit-f document': ALL,
      'unit-y document': ALL,
    });
    // A registered practice is never written to where it is an establishment's own.
    expect(Object.keys(reached([rule('a', null, { to: 'registered-gp' })], 'custody'))).not.toContain('leeds custody');
  });

  it('counts what is only filed, or taken by no rule, as sent nowhere', () => {
    expect(reached(HOUSE, 'patient', 'allergy', 'problem')).toEqual({});
    expect(reached(HOUSE, 'alert')).toEqual({ 'archive alert': ALL });
  });

  it('tells actions apart, and asks no rule behind one that takes every such record', () => {
    const rules = [
      rule('withdrawals', 'kind = alert and action in (cancel, error)', { to: 'archive' }),
      rule('alerts', 'kind = alert', { to: 'leeds' }),
      rule('never-asked', 'kind = alert', { to: 'moorland' }),
    ];
    expect(reached(rules, 'alert')).toEqual({ 'archive alert': 'cancel error', 'leeds alert': 'put replace' });
  });
});
