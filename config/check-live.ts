import type { CrossCheck } from './check.ts';
import { isLoopback } from './check-addresses.ts';
import { PROCESSING_ID } from './types.ts';

const exampleHost = /\.(example|invalid|test)$/;

/** A live site must not be set up like a trial one, and a trial one must not take live traffic by accident. */
export const liveChecks: CrossCheck = (config, report) => {
  const own = PROCESSING_ID[config.environment];
  for (const [name, source] of config.sources) {
    for (const [index, id] of source.processingIds.entries())
      if (id !== own && (own === 'P' || id === 'P'))
        report(
          `sources.${name}.processingIds[${index + 1}]`,
          'wrong-environment',
          `a ${config.environment} site takes no messages marked ${id}`,
        );
    if (config.environment === 'live' && source.kind === 'mllp' && source.tls === undefined && !isLoopback(source.listen.host))
      report(`sources.${name}.listen`, 'plain-text', `patient data comes in over the network in clear`, {
        severity: 'warning',
        hint: 'set tls, or make sure the network is protected',
      });
  }
  if (config.environment !== 'live') return;
  for (const [name, destination] of config.destinations) {
    if (destination.kind !== 'mllp') continue;
    if (exampleHost.test(destination.host))
      report(`destinations.${name}.host`, 'example-host', `“${destination.host}” is a name for examples`);
    else if (destination.tls === undefined && !isLoopback(destination.host))
      report(`destinations.${name}.host`, 'plain-text', 'patient data goes over the network in clear', {
        severity: 'warning',
        hint: 'set tls, or make sure the network is protected',
      });
  }
};
