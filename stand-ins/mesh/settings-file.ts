import { readFile } from 'node:fs/promises';
import { parseDocument } from 'yaml';
import { Problem } from '../../records/problem.ts';
import { checked } from './checked.ts';
import { readDuration } from './duration.ts';
import type { Fault } from './faults.ts';
import type { MeshServerOptions } from './options.ts';
import { SettingsFile } from './settings-schema.ts';

export interface ReadSettings {
  readonly options: MeshServerOptions;
  /** To be injected once the server is up. */
  readonly faults: readonly Fault[];
}

const check = checked(SettingsFile);

/** The schema has seen that it is a duration. */
const duration = <T extends string>(name: T, text: string | undefined): Partial<Record<T, number>> => {
  const found: Partial<Record<T, number>> = {};
  if (text !== undefined) found[name] = readDuration(text) ?? 0;
  return found;
};

const twice = (values: readonly string[]): string | undefined => values.find((value, index) => values.indexOf(value) !== index);

/** Reads the settings of a stand-in; `where` names the text in what is said of it. Throws a `Problem`. */
export const parseSettings = (text: string, where: string): ReadSettings => {
  const document = parseDocument(text, { schema: 'failsafe', prettyErrors: true });
  const [broken] = document.errors;
  if (broken !== undefined) throw new Problem(`${where}: ${broken.message.split('\n')[0] ?? 'no YAML'}`);
  const { expiry, retention, routing, strict, faults = [], ...plain } = check(document.toJS() ?? {}, where);
  const ids = (plain.mailboxes ?? []).map(({ id }) => id.toUpperCase());
  const repeated = twice(ids);
  if (repeated !== undefined) throw new Problem(`${where}: mailboxes: ${repeated} stands there twice`);
  const { delay, ...route } = routing ?? {};
  const { clockWindow, ...strictness } = strict ?? {};
  return {
    options: {
      ...plain,
      ...duration('expiry', expiry),
      ...duration('retention', retention),
      routing: { ...route, ...duration('delay', delay) },
      strict: { ...strictness, ...duration('clockWindow', clockWindow) },
    },
    faults,
  };
};

export const readSettings = async (file: string): Promise<ReadSettings> => {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    throw new Problem(`the settings file ${file} cannot be read`, { cause: error });
  }
  return parseSettings(text, file);
};
