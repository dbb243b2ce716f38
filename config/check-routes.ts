import { didYouMean } from '../language/did-you-mean.ts';
import type { DestinationName } from '../records/ids.ts';
import { brandAs } from '../records/ids.ts';
import type { CrossCheck } from './check.ts';
import type { Config } from './types.ts';

/** Places a route may name without knowing which destination it comes to be. */
const ROLES = ['custodian', 'receiving-establishment', 'registered-gp', 'previous-custodian', 'sender'] as const;
type Role = (typeof ROLES)[number];
const roles: ReadonlySet<string> = new Set(ROLES);
const isRole = (to: string): to is Role => roles.has(to);

/** Destinations that are sent to without a mapping: what is passed on, and answers. */
const passedOnTo = ({ sources }: Config): ReadonlySet<string> =>
  new Set(
    [...sources.values()].flatMap((source) => [
      ...(source.replies === undefined ? [] : [source.replies]),
      ...('workflows' in source ? [...source.workflows.values()].flatMap((one) => (one.do === 'forward' ? [one.to] : [])) : []),
    ]),
  );

/** Names in routes and sources mean something; each route says one thing; no event is both used and not. */
export const routeChecks: CrossCheck = (config, report) => {
  const known = (name: string): boolean => config.destinations.has(brandAs<DestinationName>(name));
  for (const name of config.destinations.keys())
    if (isRole(name))
      report(`destinations.${name}`, 'reserved-name', `“${name}” is a role that routes name`, {
        hint: 'choose another name for this destination',
      });
  const unmapped = passedOnTo(config);
  for (const [name, destination] of config.destinations)
    if (destination.mappings.length === 0 && !unmapped.has(name))
      report(`destinations.${name}`, 'no-mappings', `destination ${name} lists no mappings: everything for it would be held`, {
        severity: 'warning',
      });
  for (const [name, destination] of config.destinations)
    if (destination.kind === 'folder' && destination.advance === 'confirmed')
      report(`destinations.${name}.advance`, 'never-confirms', 'a folder confirms nothing: every lane would stop at its first delivery');

  const names = new Set<string>();
  for (const [index, route] of config.routes.entries()) {
    const path = `routes[${index + 1}]`;
    if (names.has(route.name)) report(`${path}.name`, 'duplicate-name', `two routes are called ${route.name}`);
    names.add(route.name);
    if (route.to === undefined && route.file === undefined)
      report(path, 'missing-setting', `route ${route.name} says neither where records go (to) nor why they stay (file)`);
    if (route.to !== undefined && route.file !== undefined)
      report(`${path}.file`, 'to-and-file', `route ${route.name} both sends and keeps`, { hint: 'use two routes' });
    if (route.to !== undefined && !isRole(route.to) && !known(route.to))
      report(
        `${path}.to`,
        'unknown-destination',
        `“${route.to}” is neither a role nor a destination`,
        didYouMean(route.to, [...ROLES, ...config.destinations.keys()]),
      );
  }

  for (const [name, source] of config.sources) {
    for (const [index, event] of source.accept.entries())
      if (source.ignore.has(event))
        report(`sources.${name}.accept[${index + 1}]`, 'accepted-and-ignored', `${event} is accepted and ignored`);
    if (source.replies !== undefined && !known(source.replies))
      report(
        `sources.${name}.replies`,
        'unknown-destination',
        `“${source.replies}” is no destination`,
        didYouMean(source.replies, config.destinations.keys()),
      );
  }
  if (config.sources.size === 0) report('sources', 'no-sources', 'there is no source: nothing would come in', { severity: 'warning' });
  if (config.mappings.length === 0)
    report('mappings', 'no-mappings', 'no mappings are named: every message would be held', { severity: 'warning' });
};
