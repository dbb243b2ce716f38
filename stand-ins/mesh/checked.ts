import type { Static, TSchema } from '@sinclair/typebox';
import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv';
import { Problem } from '../../records/problem.ts';

// YAML is read as text alone, so that a password of digits stays one; what is a number or a switch becomes one here.
const ajv = new Ajv({ coerceTypes: true, discriminator: true, allErrors: true, strict: false, verbose: true });
const SWITCH = new Map<unknown, boolean>([
  ['yes', true],
  ['true', true],
  [true, true],
  ['no', false],
  ['false', false],
  [false, false],
]);
/** A switch is `yes` or `no` where one is expected, and nowhere else: a surname may be No. */
ajv.addKeyword({
  keyword: 'switch',
  modifying: true,
  errors: false,
  validate: (
    _on: unknown,
    value: unknown,
    _schema: unknown,
    place?: { parentData: Record<string, unknown>; parentDataProperty: string | number },
  ) => {
    const on = SWITCH.get(value);
    if (on === undefined || place === undefined) return false;
    place.parentData[place.parentDataProperty] = on;
    return true;
  },
});

const said = ({ instancePath, message = '', params, parentSchema }: ErrorObject): string => {
  const place = instancePath === '' ? '' : `${instancePath.slice(1).replaceAll('/', '.')}: `;
  const form: unknown = parentSchema?.description;
  if (typeof form === 'string') return `${place}must be ${form}`;
  const unknown: unknown = 'additionalProperty' in params ? params.additionalProperty : undefined;
  return `${place}${message}${unknown === undefined ? '' : `: ${String(unknown)}`}`;
};

/** A function that takes what was read for what it should be, or throws a `Problem` that names each place. `where`: the file. */
export const checked = <T extends TSchema>(schema: T): ((value: unknown, where: string) => Static<T>) => {
  let validate: ValidateFunction<Static<T>> | undefined;
  return (value, where) => {
    // Compiled when it is needed: other verbs of the command line load this file too.
    validate ??= ajv.compile<Static<T>>({ ...schema });
    if (validate(value)) return value;
    const found = [...new Set((validate.errors ?? []).map(said))];
    throw new Problem(`${where}: ${found.slice(0, 5).join('; ')}`);
  };
};
