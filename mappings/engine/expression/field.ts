import type { Predicate } from '../../../language/condition-compile.ts';
import { didYouMean } from '../../../language/did-you-mean.ts';
import type { MapNode, TextNode, YamlNode } from '../../../language/yaml.ts';
import { nodeWord } from '../../../language/yaml.ts';
import type { Compilation } from '../compilation.ts';
import type { Run } from '../run.ts';
import type { Target } from '../types.ts';
import { isList, type Value } from '../value.ts';
import type { Choice } from './choice.ts';
import { compileAlternative, compileLine, finish } from './compile.ts';
import type { Compiled } from './compiled.ts';
import { type Call, parseLine, parsePipes } from './line.ts';
import { type LineSite, reportAt, type Scope } from './scope.ts';
import { compileWhen } from './when.ts';

const LONG_FORM = ['from', 'first', 'then', 'when', 'each', 'set', 'use', 'note'];

/** Parses a text node as a line; a word in double quotes is YAML's own quoting and would lose its quotes unseen. */
const lineOf = (node: TextNode, site: LineSite) => {
  if (node.style === 'double') {
    const hint = `write = ${node.text}; a line that needs quotes takes single ones`;
    site.file.report({ code: 'quoted-word', severity: 'error', place: node.place, message: 'a quoted word alone is no line', hint });
    return undefined;
  }
  const parsed = parseLine(node.text, site.at);
  for (const finding of parsed.findings) site.file.report(finding);
  return parsed.line;
};

/** A field in any form that gives one line's value: text, or `from` / `first` + `then`, each with `when`. */
export const compileField = <R extends Run>(
  node: YamlNode,
  name: string,
  target: Target,
  scope: Scope<R>,
  file: Compilation,
): Compiled<R> | undefined => {
  const site = file.site(node, name);
  if (node.kind === 'text') {
    const line = lineOf(node, site);
    return line && compileLine(line, target, scope, site);
  }
  if (node.kind === 'list')
    return reportAt(site, 0, 'form', `${name} takes one line, not a list`, 'for alternatives write first: and the list under it');
  if (!checkKeys(node, file)) return undefined;
  const [from, first] = [node.get('from'), node.get('first')];
  if ((from === undefined) === (first === undefined)) return reportAt(site, 0, 'form', `${name} needs from: or first:`, 'one of the two');
  const then = pipesOf(node, file, name);
  if (then === undefined) return undefined;
  const when = node.get('when');
  const predicate = when === undefined ? undefined : compileWhen(when, scope, file, name);
  if (when !== undefined && predicate === undefined) return undefined;
  const made =
    from === undefined ? compileFirst(first, name, then, target, scope, file, site) : compileFrom(from, name, then, target, scope, file);
  return made && guarded(made, predicate);
};

const guarded = <R extends Run>(made: Compiled<R>, when: Predicate<R> | undefined): Compiled<R> => {
  if (when === undefined) return made;
  const { read } = made;
  return { ...made, read: (run) => (when(run) ? read(run) : undefined) };
};

const checkKeys = (node: MapNode, file: Compilation): boolean => {
  const unknown = node.entries.filter((entry) => !LONG_FORM.includes(entry.key));
  for (const entry of unknown) file.reportAt(entry.keyPlace, 'unknown-key', `unknown key "${entry.key}"`, didYouMean(entry.key, LONG_FORM));
  return unknown.length === 0;
};

const pipesOf = (node: MapNode, file: Compilation, name: string): readonly Call[] | undefined => {
  const then = node.get('then');
  if (then === undefined) return [];
  const site = file.site(then, name);
  if (then.kind !== 'text') return reportAt(site, 0, 'form', 'then: takes functions, as in table(sex) | required');
  const parsed = parsePipes(then.text, then.at);
  for (const finding of parsed.findings) file.report(finding);
  return parsed.findings.length > 0 ? undefined : parsed.calls;
};

const compileFrom = <R extends Run>(
  from: YamlNode,
  name: string,
  then: readonly Call[],
  target: Target,
  scope: Scope<R>,
  file: Compilation,
): Compiled<R> | undefined => {
  const site = file.site(from, name);
  if (from.kind !== 'text') return reportAt(site, 0, 'form', 'from: takes one line');
  const line = lineOf(from, site);
  if (line === undefined) return undefined;
  if (then.length > 0 && line.kind === 'expression') return compileLine({ ...line, calls: [...line.calls, ...then] }, target, scope, site);
  return compileLine(line, target, scope, site);
};

const compileFirst = <R extends Run>(
  first: YamlNode | undefined,
  name: string,
  then: readonly Call[],
  target: Target,
  scope: Scope<R>,
  file: Compilation,
  site: LineSite,
): Compiled<R> | undefined => {
  if (first?.kind !== 'list')
    return reportAt(
      file.site(first, name),
      0,
      'form',
      `first: takes a list of lines, not ${first === undefined ? 'nothing' : nodeWord(first)}`,
    );
  const compiled = first.items.map((item) => alternative(item, name, then, target, scope, file));
  const choices = compiled.filter((one) => one !== undefined);
  const [head] = choices;
  if (choices.length < compiled.length || head === undefined) return undefined;
  const type = choices.every((one) => one.type === head.type) ? head.type : sharedType(choices.map((one) => one.type));
  if (type === undefined)
    return reportAt(site, 0, 'type-break', 'the lines of first: are of different kinds', 'give each its own function');
  const chosen = (run: R): Choice<R> => choices.find((one) => isStated(one.read(run))) ?? head;
  const source: Choice<R> = {
    type,
    constant: choices.every((one) => one.constant),
    read: (run) => {
      for (const one of choices) {
        const value = one.read(run);
        if (isStated(value)) return value;
      }
      return undefined;
    },
    locate: (run) => chosen(run).locate(run),
  };
  return finish(source, then, target, scope, file.site(first, name), 0);
};

const isStated = (value: Value): boolean => value !== undefined && !(isList(value) && value.every((one) => one === undefined));
const sharedType = (types: readonly string[]): string | undefined =>
  types.every((type) => /^(text|word|decimal|integer|flag|ods|any|hl7:(ST|TX|FT|ID|IS|NM|SI))$/.test(type)) ? 'text' : undefined;

const alternative = <R extends Run>(
  item: YamlNode,
  name: string,
  then: readonly Call[],
  target: Target,
  scope: Scope<R>,
  file: Compilation,
): Choice<R> | undefined => {
  const node = item.kind === 'map' ? item.get('from') : item;
  const site = file.site(node ?? item, name);
  if (item.kind === 'map' && !checkKeys(item, file)) return undefined;
  if (node?.kind !== 'text') return reportAt(site, 0, 'form', 'first: takes lines, or from: with when:');
  const line = lineOf(node, site);
  const choice = line && compileAlternative(line, then, target, scope, site);
  if (choice === undefined || item.kind !== 'map') return choice;
  const when = item.get('when');
  if (when === undefined) return choice;
  const predicate = compileWhen(when, scope, file, name);
  return predicate && { ...choice, read: (run) => (predicate(run) ? choice.read(run) : undefined) };
};
