import { createHash } from 'node:crypto';
import { didYouMean } from '../language/did-you-mean.ts';
import { CONFIG_YAML, type MapNode, nodeWord, readYaml, type YamlNode } from '../language/yaml.ts';
import { type AgencyCode, brandAs, type DestinationName, type DirectoryVersion, type OdsCode } from '../records/ids.ts';
import type { Finding, Place, Severity } from '../records/issue.ts';
import { KIND_NAMES } from '../records/kinds/index.ts';
import { checkEntries } from './check.ts';
import { Directory } from './directory.ts';
import { type DirectoryEntry, ORGANISATION_TYPES } from './entry.ts';

export interface LoadedDirectory {
  /** Nothing where a finding of severity error stands. */
  readonly directory: Directory | undefined;
  readonly findings: readonly Finding[];
}

const KEYS = ['ods', 'name', 'type', 'agencyCodes', 'practice', 'from', 'until', 'successor', 'endpoints', 'label'];
type Report = (place: Place, code: string, message: string, more?: { readonly severity?: Severity; readonly hint?: string }) => void;

/**
 * Reads the directory file (YAML, block or short lists). All that is wrong is found at once. `destinations`: the names that endpoints may
 * lead to; without it they are not checked.
 */
export const loadDirectory = (file: string, text: string, destinations?: ReadonlySet<string>): LoadedDirectory => {
  const { root, findings: read } = readYaml(file, text, CONFIG_YAML);
  const findings: Finding[] = [...read];
  const report: Report = (place, code, message, { severity = 'error', hint } = {}) =>
    void findings.push({ code, severity, place, message, ...(hint === undefined ? {} : { hint }) });
  const entries: DirectoryEntry[] = [];
  if (root !== undefined) {
    for (const node of organisationNodes(root, report)) {
      const entry = readEntry(node, report, destinations);
      if (entry !== undefined) entries.push(entry);
    }
    checkEntries(entries, report);
  }
  findings.sort((a, b) => a.place.line - b.place.line || a.place.column - b.place.column);
  const usable = root !== undefined && !findings.some((finding) => finding.severity === 'error');
  return { directory: usable ? new Directory(versionOf(entries), entries) : undefined, findings };
};

const organisationNodes = (root: YamlNode, report: Report): readonly YamlNode[] => {
  if (root.kind !== 'map') {
    report(root.place, 'directory-shape', `the file holds ${nodeWord(root)}, not a map`, {
      hint: 'write organisations: and a list under it',
    });
    return [];
  }
  for (const { key, keyPlace } of root.entries)
    if (key !== 'organisations') report(keyPlace, 'unknown-key', `“${key}” is not known here`, didYouMean(key, ['organisations']));
  const organisations = root.get('organisations');
  if (organisations?.kind === 'list') return organisations.items;
  report(organisations?.place ?? root.place, 'directory-shape', 'organisations: needs a list');
  return [];
};

const ODS = /^[A-Z0-9]{3,12}$/;
const AGENCY = /^[A-Z0-9]{2,6}$/;
const isDay = (text: string): boolean =>
  /^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(Date.parse(text)) && new Date(text).toISOString().startsWith(text);

const readEntry = (node: YamlNode, report: Report, destinations: ReadonlySet<string> | undefined): DirectoryEntry | undefined => {
  if (node.kind !== 'map') {
    report(node.place, 'directory-shape', `an organisation is a map, this is ${nodeWord(node)}`);
    return undefined;
  }
  for (const { key, keyPlace } of node.entries)
    if (!KEYS.includes(key)) report(keyPlace, 'unknown-key', `“${key}” is not known here`, didYouMean(key, KEYS));
  const text = (key: string): { readonly text: string; readonly place: Place } | undefined => {
    const value = node.get(key);
    if (value === undefined) return undefined;
    if (value.kind === 'text') return value.text.trim() === '' ? undefined : { text: value.text.trim(), place: value.place };
    report(value.place, 'directory-shape', `${key} is a text, this is ${nodeWord(value)}`);
    return undefined;
  };
  const codes = (key: string, shape: RegExp): string[] => {
    const value = node.get(key);
    const items = value === undefined ? [] : value.kind === 'list' ? value.items : [value];
    return items.flatMap((item) => {
      const code = item.kind === 'text' ? item.text.trim().toUpperCase() : '';
      if (shape.test(code)) return [code];
      report(item.place, 'bad-code', `this is no ${key === 'agencyCodes' ? 'agency' : 'ODS'} code`);
      return [];
    });
  };
  const day = (key: string): string | null => {
    const value = text(key);
    if (value === undefined) return null;
    if (isDay(value.text)) return value.text;
    report(value.place, 'bad-date', `${key} is a date like 2026-03-02`);
    return null;
  };
  const needed = (key: string): string | undefined => {
    const value = text(key);
    if (value === undefined) report(node.place, 'missing-key', `this organisation states no ${key}`);
    return value?.text;
  };

  if (node.get('ods') === undefined) report(node.place, 'missing-key', 'this organisation states no ods');
  const [ods] = codes('ods', ODS);
  const name = needed('name');
  const type = needed('type');
  const [practice] = codes('practice', ODS);
  const agencyCodes = codes('agencyCodes', AGENCY);
  const successors = codes('successor', ODS);
  const endpoints = readEndpoints(node, report, destinations);
  const from = day('from');
  const until = day('until');
  if (type !== undefined && !(ORGANISATION_TYPES as readonly string[]).includes(type))
    report(node.get('type')?.place ?? node.place, 'unknown-type', `“${type}” is no type the rules know`, {
      severity: 'warning',
      ...didYouMean(type, ORGANISATION_TYPES),
    });
  if (ods === undefined || name === undefined || type === undefined) return undefined;
  return {
    ods: brandAs<OdsCode>(ods),
    name,
    type,
    agencyCodes: agencyCodes.map((code) => brandAs<AgencyCode>(code)),
    practice: brandAs<OdsCode>(practice ?? ods),
    from,
    until,
    successors: successors.map((code) => brandAs<OdsCode>(code)),
    endpoints,
    label: text('label')?.text ?? null,
    place: node.place,
  };
};

const readEndpoints = (
  node: MapNode,
  report: Report,
  destinations: ReadonlySet<string> | undefined,
): ReadonlyMap<string, DestinationName> => {
  const value = node.get('endpoints');
  const endpoints = new Map<string, DestinationName>();
  if (value === undefined) return endpoints;
  if (value.kind !== 'map') {
    report(value.place, 'directory-shape', 'endpoints is a map of record kind, or default, to destination');
    return endpoints;
  }
  for (const { key, keyPlace, value: target } of value.entries) {
    if (key !== 'default' && !(KIND_NAMES as readonly string[]).includes(key))
      report(keyPlace, 'unknown-kind', `“${key}” is no kind of record`, didYouMean(key, ['default', ...KIND_NAMES]));
    if (target.kind !== 'text') report(target.place, 'directory-shape', 'an endpoint names one destination');
    else if (destinations !== undefined && !destinations.has(target.text))
      report(target.place, 'unknown-destination', `“${target.text}” is no destination`, didYouMean(target.text, destinations));
    else endpoints.set(key, brandAs<DestinationName>(target.text));
  }
  return endpoints;
};

const versionOf = (entries: readonly DirectoryEntry[]): DirectoryVersion => {
  const lines = entries.map(({ place: _, endpoints, ...entry }) => JSON.stringify({ ...entry, endpoints: [...endpoints].sort() })).sort();
  return brandAs<DirectoryVersion>(createHash('sha256').update(lines.join('\n')).digest('hex'));
};
