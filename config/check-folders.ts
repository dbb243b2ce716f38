import { join, sep } from 'node:path';
import type { CrossCheck } from './check.ts';

const inside = (inner: string, outer: string): boolean => inner.startsWith(outer.endsWith(sep) ? outer : outer + sep);

/** Folders that share files would take each other's: every folder is somebody's alone. They may lie under `data`, beside the server's own. */
export const folderChecks: CrossCheck = (config, report) => {
  const seen: { readonly setting: string; readonly path: string }[] = [];
  const take = (setting: string, path: string): void => {
    const { data } = config;
    const server = join(data, 'postgres');
    if (path === data || path === server || inside(path, server) || inside(data, path))
      report(setting, 'folder-of-data', 'this folder holds the embedded PostgreSQL or the key file', {
        hint: 'choose a folder of its own',
      });
    for (const other of seen) {
      if (path === other.path) report(setting, 'folder-shared', `this is also the folder of ${other.setting}`);
      else if (inside(path, other.path)) report(setting, 'folder-nested', `this folder lies inside that of ${other.setting}`);
      else if (inside(other.path, path)) report(setting, 'folder-nested', `the folder of ${other.setting} lies inside this one`);
    }
    seen.push({ setting, path });
  };
  for (const [name, source] of config.sources) if (source.kind === 'folder') take(`sources.${name}.path`, source.path);
  for (const [name, destination] of config.destinations)
    if (destination.kind === 'folder') take(`destinations.${name}.path`, destination.path);
  // One interface root serves sources and destinations alike, each in folders of its own.
  const roots = new Set<string>();
  for (const [group, ways] of [
    ['sources', config.sources],
    ['destinations', config.destinations],
  ] as const)
    for (const [name, way] of ways) {
      if (way.kind !== 'mesh-folder' || roots.has(way.path)) continue;
      roots.add(way.path);
      take(`${group}.${name}.path`, way.path);
    }
};
