import { types } from 'node:util';
import { ThroughcareError } from '../records/faults.ts';
import { Problem } from '../records/problem.ts';
import { whyWithheld, withheld } from './patient-data.ts';

/**
 * What may be said of an error: its code, class and the frames of its stack. Never its message, which may quote data
 * (`invalid input syntax for type integer: "Smith"`, `ENOENT … /in/SMITH.hl7`); a ThroughcareError's own detail is
 * a place and a Problem's words are the operator's, both by contract.
 */
export interface Failure {
  readonly code: string;
  readonly class: string;
  readonly detail?: string;
  /** Words of a driver that name our own things or the network, never a value. */
  readonly driver?: Readonly<Record<string, string | number>>;
  readonly frames: readonly string[];
  readonly cause?: Failure;
}

const MOST_FRAMES = 12;
const DEEPEST_CAUSE = 3;
/** A problem may take a few sentences. */
const LONGEST_PROBLEM = 1_000;

const codeShape = /^[A-Za-z0-9][A-Za-z0-9_-]{0,59}$/;
const classShape = /^[A-Za-z_$][A-Za-z0-9_$]{0,59}$/;
const wordShape = /^[A-Za-z0-9_.:[\]-]{1,63}$/;
const frameShape =
  /^ {4}at (?:async )?(?:([\w$.<>[\]# ]+?) (?:\[as [\w$]+\] )?\()?((?:node:|file:\/\/|\/|[A-Za-z]:\\)[^()\s]*:\d+:\d+)\)?$/;

/** PostgreSQL reports and Node system errors: the parts that never hold a value. */
const driverWords = ['severity', 'schema', 'table', 'constraint', 'routine', 'syscall', 'address', 'port'] as const;

const root = `${process.cwd()}/`;
const framesOf = (error: Error): string[] => {
  const stack = typeof error.stack === 'string' ? error.stack : '';
  // The message stands first and may itself contain lines that look like frames: it is cut off by its length.
  const message = typeof error.message === 'string' ? error.message : '';
  const at = message === '' ? -1 : stack.indexOf(message);
  const lines = (at === -1 ? stack : stack.slice(at + message.length)).split('\n');
  const frames: string[] = [];
  for (const line of lines) {
    const found = frameShape.exec(line);
    if (found === null) continue;
    const [, name, place = ''] = found;
    const shown = place.replace('file://', '').replace(root, '');
    const frame = name === undefined ? shown : `${name} ${shown}`;
    if (whyWithheld(frame) === undefined) frames.push(frame);
    if (frames.length === MOST_FRAMES) break;
  }
  return frames;
};

const word = (value: unknown, shape: RegExp): string | undefined =>
  typeof value === 'string' && shape.test(value) && whyWithheld(value) === undefined ? value : undefined;

const driverOf = (error: Error): Record<string, string | number> | undefined => {
  const found: Record<string, string | number> = {};
  for (const name of driverWords) {
    const value: unknown = Reflect.get(error, name);
    if (typeof value === 'number' && name === 'port') found[name] = value;
    const text = word(value, wordShape);
    if (text !== undefined) found[name] = text;
  }
  return Object.keys(found).length === 0 ? undefined : found;
};

/** The words of an error that may be shown. */
const spoken = (error: Error): string => {
  if (error instanceof Problem) return error.message.replace(/\s+/g, ' ');
  return error instanceof ThroughcareError && error.message.startsWith(`${error.code}: `) ? error.message.slice(error.code.length + 2) : '';
};

/** Also errors made in another realm (worker, vm), which are no instance of our Error. */
const isError = (error: unknown): error is Error => error instanceof Error || types.isNativeError(error);

const describe = (error: unknown, depth: number): Failure => {
  if (!isError(error)) return { code: 'not-an-error', class: error === null ? 'null' : typeof error, frames: [] };
  const own = error instanceof ThroughcareError;
  const code = own ? error.code : error instanceof Problem ? 'problem' : (word(Reflect.get(error, 'code'), codeShape) ?? 'unexpected');
  const detailText = spoken(error);
  const why = whyWithheld(detailText, error instanceof Problem ? LONGEST_PROBLEM : undefined);
  const driver = own ? undefined : driverOf(error);
  const inner = error instanceof AggregateError && error.errors.length > 0 ? error.errors[0] : error.cause;
  const cause = inner === undefined || inner === null || depth >= DEEPEST_CAUSE ? undefined : describe(inner, depth + 1);
  return {
    code,
    class: word(error.constructor.name, classShape) ?? 'Error',
    ...(detailText === '' ? {} : { detail: why === undefined ? detailText : withheld(why) }),
    ...(driver === undefined ? {} : { driver }),
    frames: framesOf(error),
    ...(cause === undefined ? {} : { cause }),
  };
};

/** Describes anything thrown without repeating what it says of data. */
export const describeFailure = (error: unknown): Failure => describe(error, 0);
