import { isDeepStrictEqual } from 'node:util';
import { declaration } from './declaration.ts';
import { Secret } from './secret.ts';
import { type AnySetting, join } from './setting.ts';
import type { Config, DestinationSettings, ReceiptSettings, SendSettings, SourceSettings } from './types.ts';

/** One difference between two configurations, by dotted path. Values are not shown: they may be secret. */
export interface Change {
  readonly path: string;
  readonly what: 'added' | 'removed' | 'changed';
}

export interface ReloadPlan {
  /** What the running daemon can take over. */
  readonly changes: readonly Change[];
  /** What needs a restart. One of these, and nothing is taken over. */
  readonly refused: readonly Change[];
}

const isGroup = (value: unknown): value is Readonly<Record<string, unknown>> => typeof value === 'object' && value !== null;

/** Values of settings are plain data, but for secrets, which hide theirs, and texts, which know where they stand. */
export const sameSettings = (a: unknown, b: unknown): boolean => {
  if (a instanceof Secret || b instanceof Secret) return a instanceof Secret && b instanceof Secret && a.equals(b);
  if (a instanceof Map && b instanceof Map)
    return a.size === b.size && [...a].every(([key, value]) => b.has(key) && sameSettings(value, b.get(key)));
  if (Array.isArray(a) && Array.isArray(b)) return a.length === b.length && a.every((value, index) => sameSettings(value, b[index]));
  if (isGroup(a) && isGroup(b)) {
    if (a.kind === 'text' && b.kind === 'text') return a.text === b.text;
    const keys = new Set([...Object.keys(a), ...Object.keys(b)]);
    return [...keys].every((key) => sameSettings(a[key], b[key]));
  }
  return isDeepStrictEqual(a, b);
};

/**
 * What a reload would change: pure, so that it can be shown before it is done. A source, destination or route is one change, so that
 * it is stopped and started as a whole; data folder, store, keys, queue, console and the like are refused.
 */
export const planReload = (old: Config, next: Config): ReloadPlan => {
  const changes: Change[] = [];
  const refused: Change[] = [];
  const note = (path: string, before: unknown, after: unknown, restart: boolean): void => {
    if (sameSettings(before, after)) return;
    (restart ? refused : changes).push({ path, what: before === undefined ? 'added' : after === undefined ? 'removed' : 'changed' });
  };
  const compare = (setting: AnySetting, path: string, before: unknown, after: unknown, restart: boolean): void => {
    const here = restart || setting.restart;
    const { shape } = setting;
    if (shape.kind === 'map' && before instanceof Map && after instanceof Map)
      for (const key of new Set<string>([...before.keys(), ...after.keys()])) note(join(path, key), before.get(key), after.get(key), here);
    else if (shape.kind === 'group' && isGroup(before) && isGroup(after))
      for (const [name, field] of Object.entries(shape.fields)) compare(field, join(path, name), before[name], after[name], here);
    else note(path, before, after, here);
  };
  compare(declaration, '', old, next, false);
  return { changes, refused };
};

type KeyOf<T> = T extends unknown ? keyof T : never;

/** Read from the plan at each message: a change of these opens nothing again. `maxSize` is not among them, the transport cuts there. */
const RECEIPT_ONLY: readonly (keyof ReceiptSettings)[] = [
  'accept',
  'ignore',
  'system',
  'ack',
  'controlId',
  'identity',
  'reused',
  'window',
  'sender',
  'versions',
  'processingIds',
  'replies',
  'trustsNhsNumbers',
];
/** Of what is sent and when, not of the way it is sent. */
const SENDING: readonly (keyof SendSettings)[] = ['mappings', 'advance', 'msh'];
const PACE: readonly (keyof SendSettings)[] = ['retry', 'breaker'];

const sameBut = <S extends object>(a: S, b: S, ignored: readonly KeyOf<S>[]): boolean => {
  const rest = (settings: S): object => Object.fromEntries(Object.entries(settings).filter(([key]) => !ignored.some((one) => one === key)));
  return sameSettings(rest(a), rest(b));
};

/** Whether the port or folder of a source has to be opened again for these settings. */
export const reopensSource = (a: SourceSettings, b: SourceSettings): boolean => !sameBut(a, b, RECEIPT_ONLY);

/** Whether a destination needs new connections for these settings. */
export const reopensDestination = (a: DestinationSettings, b: DestinationSettings): boolean => !sameBut(a, b, [...SENDING, ...PACE]);

/** Whether a destination sends on at another pace. */
export const repaces = (a: DestinationSettings, b: DestinationSettings): boolean => PACE.some((key) => !sameSettings(a[key], b[key]));
