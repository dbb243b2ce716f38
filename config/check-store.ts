import type { CrossCheck } from './check.ts';

/** A configured server is shared: its keys must be given, and a live site should have one. */
export const storeChecks: CrossCheck = (config, report) => {
  if (config.store.url !== undefined && config.store.keys === undefined)
    report('store.url', 'no-keys', 'a configured PostgreSQL without store.keys works only beside the key file it was begun with', {
      severity: 'warning',
      hint: 'give every daemon that uses it the same keys',
    });
  if (config.store.url === undefined && config.environment === 'live')
    report('store', 'embedded-store', 'a live site should not run on the embedded PostgreSQL', {
      severity: 'warning',
      hint: 'set store.url to a server with backups',
    });
};
