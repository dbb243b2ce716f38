import { didYouMean } from '../../../language/did-you-mean.ts';
import type { Json } from '../../../records/mapped.ts';
import type { Arg, Call } from '../expression/line.ts';
import { POLICY_WORDS } from '../expression/policy.ts';
import { type LineSite, reportAt, type Scope, type Term } from '../expression/scope.ts';
import type { Run } from '../run.ts';
import type { Table } from '../table.ts';
import type { Target, TypeName } from '../types.ts';
import type { ArgKind, Built, FunctionSpec } from './function.ts';
import { FUNCTIONS, isLaterFunction } from './registry.ts';

/** The function a call names; says so where there is none. */
export const functionOf = (call: Call, site: LineSite): FunctionSpec | undefined => {
  const spec = FUNCTIONS.get(call.name);
  if (spec !== undefined) return spec;
  if (isLaterFunction(call.name))
    return reportAt(site, call.offset, 'unsupported-kind', `${call.name} belongs to FHIR output, which is not supported yet`);
  return reportAt(
    site,
    call.offset,
    'unknown-function',
    `unknown function "${call.name}"`,
    didYouMean(call.name, [...FUNCTIONS.keys(), ...POLICY_WORDS]),
  );
};

interface Read<R extends Run> {
  readonly texts: string[];
  readonly paths: (Term<R> | string)[];
  readonly pairs: Map<string, Json>;
  table?: Table;
  reverse: boolean;
  otherwise?: Json;
}

const tableArg = <R extends Run>(arg: Arg, read: Read<R>, site: LineSite): boolean => {
  const [name = '', way, more] = arg.value.text.split('.');
  const table = site.file.table(name);
  if (table === undefined) {
    reportAt(site, arg.value.offset, 'unknown-table', `unknown table "${name}"`, didYouMean(name, site.file.tableNames));
    return false;
  }
  if (more !== undefined || (way !== undefined && way !== 'reverse')) {
    reportAt(site, arg.value.offset, 'arguments', `"${way}" is not a way of a table`, `write table(${name}) or table(${name}.reverse)`);
    return false;
  }
  read.table = table;
  read.reverse = way === 'reverse';
  return true;
};

const pairArg = <R extends Run>(arg: Arg, read: Read<R>, site: LineSite): boolean => {
  const { key, value } = arg;
  if (key === undefined) {
    reportAt(site, value.offset, 'arguments', 'map takes pairs', 'write map(a = b, * = c)');
    return false;
  }
  if (key.text === '*') read.otherwise = value.text;
  else if (read.pairs.has(key.text)) {
    reportAt(site, key.offset, 'arguments', `"${key.text}" stands twice`);
    return false;
  } else read.pairs.set(key.text, value.text);
  return true;
};

/** Reads the arguments as the function declares them and builds it for the type that reaches it. */
export const buildCall = <R extends Run>(
  spec: FunctionSpec,
  call: Call,
  from: TypeName,
  target: Target,
  scope: Scope<R>,
  site: LineSite,
): Built<R> | undefined => {
  const fault = (code: string, message: string, hint?: string): undefined => reportAt(site, call.offset, code, message, hint);
  const read: Read<R> = { texts: [], paths: [], pairs: new Map(), reverse: false };
  const isPairs = spec.args[0] === 'pairs';
  if (call.args.length > spec.args.length && !isPairs)
    return fault('arguments', spec.args.length === 0 ? `${spec.name} takes no brackets` : `${spec.name} takes ${spec.args.length} at most`);
  if (call.args.length === 0 && spec.args.length > 0 && spec.optional !== true)
    return fault('arguments', `${spec.name} needs ${spec.args.join(', ')} in brackets`);
  if (!isPairs && spec.optional !== true && call.args.length < spec.args.length)
    return fault('arguments', `${spec.name} needs ${spec.args.length} in brackets`);
  for (const [index, arg] of call.args.entries()) {
    const kind: ArgKind = isPairs ? 'pairs' : (spec.args[index] ?? 'text');
    if (kind === 'pairs') {
      if (!pairArg(arg, read, site)) return undefined;
      continue;
    }
    if (arg.key !== undefined) return reportAt(site, arg.key.offset, 'arguments', `${spec.name} takes no "="`);
    if (kind === 'table') {
      if (!tableArg(arg, read, site)) return undefined;
    } else if (kind === 'path' && !arg.quoted) {
      const term = scope.term(arg.value, 'text', site);
      if (term === undefined) return undefined;
      read.paths.push(term);
    } else if (kind === 'path') read.paths.push(arg.value.text);
    else if (kind === 'text' && !arg.quoted)
      return reportAt(
        site,
        arg.value.offset,
        'arguments',
        `${spec.name} takes a text in double quotes`,
        `write ${spec.name}("${arg.value.text}")`,
      );
    else read.texts.push(arg.value.text);
  }
  return spec.build<R>({
    texts: read.texts,
    paths: read.paths,
    table: read.table,
    reverse: read.reverse,
    pairs: read.pairs,
    otherwise: read.otherwise,
    from,
    targetType: target.type,
    output: site.file.output,
    inbound: site.file.direction === 'inbound',
    site,
    fault,
  });
};
