import type { CrossCheck, Report } from './check.ts';
import type { Config } from './types.ts';
import type { MeshFolderDestinationSettings } from './types-mesh.ts';

/** Interface roots are read and written in one role, and destinations ask nothing of folders that folders cannot do. */
export const meshFolderChecks: CrossCheck = (config, report) => {
  const roles = new Map<string, { readonly role: string; readonly setting: string }>();
  for (const [group, ways] of [
    ['sources', config.sources],
    ['destinations', config.destinations],
  ] as const)
    for (const [name, way] of ways) {
      if (way.kind !== 'mesh-folder') continue;
      const setting = `${group}.${name}.role`;
      const other = roles.get(way.path);
      if (other === undefined) roles.set(way.path, { role: way.role, setting });
      else if (other.role !== way.role)
        report(setting, 'folder-roles', `${other.setting} says ${other.role} of the same folders: we are beside a client or in its place`);
    }
  for (const [name, destination] of config.destinations)
    if (destination.kind === 'mesh-folder') checkDestination(config, `destinations.${name}`, destination, report);
};

const checkDestination = (config: Config, path: string, destination: MeshFolderDestinationSettings, report: Report): void => {
  const { role, to, confirmedBy, advance } = destination;
  if (to.by === 'organisation')
    report(`${path}.to`, 'no-lookup', 'an organisation’s mailbox is looked up through the API alone', {
      hint: 'name a mailbox, or send by kind: mesh-api',
    });
  if (role === 'as-client') {
    if (confirmedBy !== 'accepted' || advance === 'confirmed')
      report(
        confirmedBy !== 'accepted' ? `${path}.confirmedBy` : `${path}.advance`,
        'never-confirms',
        'who reads IN says nothing: it would never be confirmed',
      );
    return;
  }
  const isRead = [...config.sources.values()].some(
    (source) => source.kind === 'mesh-folder' && source.role === 'beside-client' && source.path === destination.path,
  );
  if (!isRead)
    report(`${path}.path`, 'no-inbox', 'the client tells in SENT, FAILED and IN what became of a pair, and no source reads there', {
      hint: 'add a source of kind mesh-folder with the same path',
    });
};
