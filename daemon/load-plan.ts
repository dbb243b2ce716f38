import { readdir, readFile, stat } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { type LoadedConfig, PROCESSING_ID } from '../config/types.ts';
import { codeLookup, type Directory } from '../directory/directory.ts';
import { loadDirectory } from '../directory/load.ts';
import { type InboundMapping, loadMappings, type OutboundMapping } from '../mappings/engine/index.ts';
import { buildPlan } from '../pipeline/plan/build.ts';
import type { Plan } from '../pipeline/plan/plan.ts';
import type { DestinationId, DestinationName, SourceId, SourceName } from '../records/ids.ts';
import type { Finding, Place } from '../records/issue.ts';

/** The files a plan is made of, read and checked; what is wrong in them all, at once. */
export interface LoadedPlan {
  readonly directory: Directory | undefined;
  readonly inbound: readonly InboundMapping[];
  readonly outbound: readonly OutboundMapping[];
  readonly findings: readonly Finding[];
}

/** Reads directory and mappings of a configuration and checks them against each other. Never throws for what a file says. */
export const readPlanFiles = async (loaded: LoadedConfig): Promise<LoadedPlan> => {
  const { config } = loaded;
  const findings: Finding[] = [];
  const destinations = new Set<string>(config.destinations.keys());
  const directoryText = await text(config.directory, loaded.placeOf('directory'), findings);
  const directory = directoryText === null ? undefined : loadDirectory(shown(config.directory), directoryText, destinations);
  findings.push(...(directory?.findings ?? []));
  const files = new Map<string, string>();
  for (const [index, place] of config.mappings.entries()) await collect(place, loaded.placeOf(`mappings[${index}]`), files, findings);
  const mappings = loadMappings(files, { sources: config.sources.keys() });
  findings.push(...mappings.findings);
  return { directory: directory?.directory, inbound: mappings.inbound, outbound: mappings.outbound, findings };
};

/** Everything wrong with a configuration's plan, ids of the store aside. */
export const checkPlan = async (loaded: LoadedConfig): Promise<readonly Finding[]> => planFindings(loaded, await readPlanFiles(loaded));

/** The same of files that were read already. */
export const planFindings = (loaded: LoadedConfig, files: LoadedPlan): readonly Finding[] => {
  const numbered = <Id, Name>(names: Iterable<Name>): Map<Name, Id> => new Map([...names].map((name, index) => [name, index as Id]));
  return [
    ...files.findings,
    ...assemble(
      loaded,
      files,
      numbered<SourceId, SourceName>(loaded.config.sources.keys()),
      numbered<DestinationId, DestinationName>(loaded.config.destinations.keys()),
    ).findings,
  ];
};

export const assemble = (
  loaded: LoadedConfig,
  files: LoadedPlan,
  sources: ReadonlyMap<SourceName, SourceId>,
  destinations: ReadonlyMap<DestinationName, DestinationId>,
): { readonly plan: Plan | undefined; readonly findings: readonly Finding[] } => {
  const { directory } = files;
  if (directory === undefined) return { plan: undefined, findings: [] };
  return buildPlan({
    config: loaded.config,
    placeOf: loaded.placeOf,
    processingId: PROCESSING_ID[loaded.config.environment],
    directory,
    lookup: codeLookup(directory),
    inbound: files.inbound,
    outbound: files.outbound,
    sources,
    destinations,
  });
};

const shown = (path: string): string => {
  const near = relative(process.cwd(), path);
  return near.startsWith('..') ? path : near;
};

const text = async (path: string, place: Place, findings: Finding[]): Promise<string | null> => {
  try {
    return await readFile(path, 'utf8');
  } catch {
    findings.push({
      code: 'file-unreadable',
      severity: 'error',
      place,
      message: `${shown(path)} cannot be read`,
      hint: 'check the path and its permissions',
    });
    return null;
  }
};

/** A mapping file, or every mapping and table below a folder. */
const collect = async (path: string, place: Place, files: Map<string, string>, findings: Finding[]): Promise<void> => {
  const found = await stat(path).catch(() => null);
  if (found === null) {
    findings.push({ code: 'file-unreadable', severity: 'error', place, message: `${shown(path)} is not there` });
    return;
  }
  const names = found.isDirectory()
    ? (await readdir(path, { recursive: true, withFileTypes: true }))
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath, entry.name))
    : [path];
  for (const name of names.sort()) {
    if (!/\.(map\.yaml|csv)$/.test(name)) continue;
    const content = await text(name, place, findings);
    if (content !== null) files.set(shown(name), content);
  }
};
