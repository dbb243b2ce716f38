import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { CONFIG_YAML, readYaml } from '../language/yaml.ts';
import type { Finding, Place } from '../records/issue.ts';
import { readAt } from './collections.ts';
import { crossChecks } from './cross-checks.ts';
import { declaration } from './declaration.ts';
import { type Reading, WRONG } from './setting.ts';
import type { LoadedConfig } from './types.ts';

export interface LoadOptions {
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Reads a text file; throws when it cannot. */
  readonly readFile: (path: string) => string;
}

export interface LoadResult {
  /** Nothing where a finding is an error: a configuration is used whole or not at all. */
  readonly loaded: LoadedConfig | undefined;
  /** In the order of the file. */
  readonly findings: readonly Finding[];
}

/** The nearest written setting at or above a dotted path. */
const placeIn =
  (places: ReadonlyMap<string, Place>, top: Place) =>
  (path: string): Place => {
    let at = path;
    while (at !== '') {
      const found = places.get(at);
      if (found !== undefined) return found;
      at = at.endsWith(']') ? at.slice(0, at.lastIndexOf('[')) : at.slice(0, Math.max(0, at.lastIndexOf('.')));
    }
    return top;
  };

const inOrder = (findings: Finding[]): Finding[] => findings.sort((a, b) => a.place.line - b.place.line || a.place.column - b.place.column);

/** Reads a configuration from text. `file` is the name findings carry; paths in the text are relative to its folder. */
export const parseConfig = (file: string, text: string, options: LoadOptions): LoadResult => {
  const findings: Finding[] = [];
  const places = new Map<string, Place>();
  const top: Place = { file, line: 1, column: 1 };
  const reading: Reading = {
    folder: dirname(resolve(file)),
    ...options,
    places,
    report: (code, severity, place, message, hint) =>
      findings.push({ code, severity, place, message, ...(hint === undefined ? {} : { hint }) }),
  };
  const yaml = readYaml(file, text, CONFIG_YAML);
  findings.push(...yaml.findings);
  if (yaml.root === undefined) return { loaded: undefined, findings: inOrder(findings) };
  const config = readAt(declaration, yaml.root, top, '', reading);
  if (config === WRONG || config === undefined) return { loaded: undefined, findings: inOrder(findings) };
  const loaded: LoadedConfig = { file, config, placeOf: placeIn(places, top) };
  findings.push(...crossChecks(loaded));
  return { loaded: findings.some(({ severity }) => severity === 'error') ? undefined : loaded, findings: inOrder(findings) };
};

const readText = (path: string): string => readFileSync(path, 'utf8');

/** Reads a configuration file with the environment of this process. A file that cannot be read is a finding like any other. */
export const loadConfig = (file: string, options: Partial<LoadOptions> = {}): LoadResult => {
  const { environment = process.env, readFile = readText } = options;
  let text: string;
  try {
    text = readFile(file);
  } catch (error) {
    const code = typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : 'unreadable';
    const place: Place = { file, line: 1, column: 1 };
    const message = code === 'ENOENT' ? 'there is no such file' : `the file cannot be read (${code})`;
    return {
      loaded: undefined,
      findings: [{ code: 'config-unreadable', severity: 'error', place, message, hint: 'name the configuration with --config' }],
    };
  }
  return parseConfig(file, text, { environment, readFile });
};
