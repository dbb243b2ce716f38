import { resolve } from 'node:path';
import { didYouMean } from '../language/did-you-mean.ts';
import type { TextNode } from '../language/yaml.ts';
import { type Parsed, type ScalarOptions, scalar } from './scalar.ts';
import { Secret } from './secret.ts';
import type { Setting } from './setting.ts';
import type { HostPort } from './types.ts';
import { parseDuration, parseSize, showDuration, showSize } from './units.ts';

/** The kinds of single values that settings hold. Each says its own shape in words, for findings, docs and editors. */

interface Range extends ScalarOptions {
  readonly min?: number;
  readonly max?: number;
}

const within = (value: number, range: Range, show: (value: number) => string): Parsed<number> => {
  if (range.min !== undefined && value < range.min) return { wrong: `is below the least, ${show(range.min)}` };
  if (range.max !== undefined && value > range.max) return { wrong: `is above the most, ${show(range.max)}` };
  return { value };
};

export const text = (options: ScalarOptions & { readonly pattern?: RegExp; readonly says?: string }): Setting<string, false> =>
  scalar({
    ...options,
    type: options.says ?? 'text',
    schema: { type: 'string', ...(options.pattern === undefined ? {} : { pattern: options.pattern.source }) },
    parse: (value) =>
      options.pattern === undefined || options.pattern.test(value) ? { value } : { wrong: `is not ${options.says ?? 'of the right form'}` },
  });

/** A text that another room reads further: it keeps where it stands, so that a mistake inside it can be shown. */
export const placedText = (options: ScalarOptions & { readonly says: string }): Setting<TextNode, false> =>
  scalar({
    ...options,
    type: options.says,
    schema: { type: 'string' },
    parse: (value, _reading, node) => ({ value: value === node.text ? node : { ...node, text: value } }),
  });

export const secret = (options: ScalarOptions): Setting<Secret, false> =>
  scalar({ ...options, type: 'secret text', secret: true, schema: { type: 'string' }, parse: (value) => ({ value: new Secret(value) }) });

export const choice = <const W extends string>(words: readonly W[], options: ScalarOptions): Setting<W, false> =>
  scalar<W>({
    ...options,
    type: `one of ${words.join(', ')}`,
    schema: { enum: words },
    parse: (value) => {
      const found = words.find((word) => word === value);
      return found === undefined ? { wrong: `is not one of ${words.join(', ')}`, ...didYouMean(value, words) } : { value: found };
    },
  });

const yes = new Set(['yes', 'true']);
const no = new Set(['no', 'false']);
export const yesNo = (options: ScalarOptions): Setting<boolean, false> =>
  scalar({
    ...options,
    type: 'yes or no',
    schema: { enum: ['yes', 'no', 'true', 'false', true, false] },
    parse: (value) => (yes.has(value) ? { value: true } : no.has(value) ? { value: false } : { wrong: 'is neither yes nor no' }),
  });

export const integer = (options: Range): Setting<number, false> =>
  scalar({
    ...options,
    type: 'whole number',
    schema: {
      type: ['integer', 'string'],
      pattern: '^[0-9]+$',
      ...(options.min === undefined ? {} : { minimum: options.min }),
      ...(options.max === undefined ? {} : { maximum: options.max }),
    },
    parse: (value) => (/^[0-9]{1,15}$/.test(value) ? within(Number(value), options, String) : { wrong: 'is not a whole number' }),
  });

export const decimal = (options: Range): Setting<number, false> =>
  scalar({
    ...options,
    type: 'number',
    schema: { type: ['number', 'string'], pattern: '^[0-9]+(\\.[0-9]+)?$' },
    parse: (value) => (/^[0-9]{1,9}(\.[0-9]{1,6})?$/.test(value) ? within(Number(value), options, String) : { wrong: 'is not a number' }),
  });

export const duration = (options: Range): Setting<number, false> =>
  scalar({
    ...options,
    type: 'duration',
    schema: { type: 'string', pattern: '^[0-9]+(\\.[0-9]+)? ?(ms|s|m|h|d)$' },
    parse: (value) => {
      const ms = parseDuration(value);
      return ms === undefined
        ? { wrong: 'is not a duration', hint: 'write a number and ms, s, m, h or d, like 30s' }
        : within(ms, options, showDuration);
    },
  });

export const size = (options: Range): Setting<number, false> =>
  scalar({
    ...options,
    type: 'size',
    schema: { type: 'string', pattern: '^[0-9]+(\\.[0-9]+)? ?(B|kB|KB|MB|GB)$' },
    parse: (value) => {
      const bytes = parseSize(value);
      return bytes === undefined
        ? { wrong: 'is not a size', hint: 'write a number and B, kB, MB or GB, like 64MB' }
        : within(bytes, options, showSize);
    },
  });

/** A path as an absolute one; written relative, it starts at the folder of the configuration file. */
export const path = (options: ScalarOptions): Setting<string, false> =>
  scalar({ ...options, type: 'path', schema: { type: 'string' }, parse: (value, reading) => ({ value: resolve(reading.folder, value) }) });

const knownZone = (zone: string): boolean => {
  try {
    return new Intl.DateTimeFormat('en-GB', { timeZone: zone }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
};
export const timeZone = (options: ScalarOptions): Setting<string, false> =>
  scalar({
    ...options,
    type: 'time zone',
    schema: { type: 'string' },
    parse: (value) =>
      /^[A-Z][A-Za-z0-9_+/-]*$/.test(value) && knownZone(value)
        ? { value }
        : { wrong: 'is no time zone', hint: 'write a name of the tz database, like Europe/London' },
  });

const port = (digits: string): number | undefined => (/^[0-9]{1,5}$/.test(digits) && Number(digits) <= 65535 ? Number(digits) : undefined);
export const listen = (options: ScalarOptions): Setting<HostPort, false> =>
  scalar({
    ...options,
    type: 'host:port',
    schema: { type: 'string', pattern: '^(\\[[0-9A-Fa-f:.]+\\]|[A-Za-z0-9.-]+):[0-9]{1,5}$' },
    parse: (value) => {
      const found = /^(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9.-]+)):([0-9]+)$/.exec(value);
      const host = found?.[1] ?? found?.[2];
      const number = port(found?.[3] ?? '');
      if (host === undefined)
        return { wrong: 'is not host:port', hint: 'write an address of this machine and a port, like 127.0.0.1:2575 or 0.0.0.0:2575' };
      return number === undefined ? { wrong: 'has no port between 0 and 65535' } : { value: { host, port: number } };
    },
  });

/** Names of sources, destinations and routes: they stand in logs, metrics and folders, so they are plain. */
export const NAME = /^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/;
export const NAME_SAYS = 'a name of small letters, digits and single dashes, beginning with a letter';
