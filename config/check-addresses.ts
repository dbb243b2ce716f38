import type { CrossCheck } from './check.ts';
import type { HostPort } from './types.ts';

const everywhere = new Set(['0.0.0.0', '::']);
const loopback = /^(127(\.\d{1,3}){3}|::1|localhost)$/;

/** True for addresses that only this machine can reach. */
export const isLoopback = (host: string): boolean => loopback.test(host);

const clash = (a: HostPort, b: HostPort): boolean =>
  a.port !== 0 && a.port === b.port && (a.host === b.host || everywhere.has(a.host) || everywhere.has(b.host));

/** No two listeners on one port, no source that hears its own destination, and a console that strangers cannot reach. */
export const addressChecks: CrossCheck = (config, report) => {
  const taken: { readonly path: string; readonly listen: HostPort }[] = [{ path: 'console.listen', listen: config.console.listen }];
  for (const [name, source] of config.sources) {
    if (source.kind !== 'mllp') continue;
    const path = `sources.${name}.listen`;
    const other = taken.find(({ listen }) => clash(listen, source.listen));
    if (other !== undefined) report(path, 'port-taken', `port ${source.listen.port} is already used by ${other.path}`);
    taken.push({ path, listen: source.listen });
    if (source.tls?.requireClientCertificate === true && source.tls.ca === undefined)
      report(`sources.${name}.tls`, 'tls-incomplete', 'requireClientCertificate needs ca, or no certificate could be checked');
  }
  for (const [name, destination] of config.destinations) {
    if (destination.kind === 'mllp' && (destination.tls?.cert === undefined) !== (destination.tls?.key === undefined))
      report(`destinations.${name}.tls`, 'tls-incomplete', 'a certificate and its key go together');
    if (destination.kind !== 'mllp' || !isLoopback(destination.host)) continue;
    const own = taken.find(({ listen }) => listen.port === destination.port);
    if (own !== undefined)
      report(`destinations.${name}.port`, 'sends-to-itself', `this is the port of ${own.path}: what is sent would come back in`);
  }
  const { listen, allowRemote } = config.console;
  if (isLoopback(listen.host)) return;
  if (!allowRemote)
    report('console.listen', 'console-remote', `the console would be reachable from other machines on ${listen.host}`, {
      hint: 'listen on 127.0.0.1, or set console.allowRemote: yes with a proxy that asks who is there',
    });
  else
    report('console.listen', 'console-remote', 'the console is reachable from other machines and asks nobody for a password', {
      severity: 'warning',
      hint: 'let only a proxy with access control reach it',
    });
};
