import { encodingNamed } from '../../../formats/charset.ts';
import { type Condition, parseCondition } from '../../../language/condition.ts';
import { compileCondition, conditionPaths, type Predicate } from '../../../language/condition-compile.ts';
import { didYouMean } from '../../../language/did-you-mean.ts';
import type { MapNode } from '../../../language/yaml.ts';
import type { MappingVersion } from '../../../records/ids.ts';
import { isKindName, KIND_FACTS, KIND_NAMES, type KindName } from '../../../records/kinds/index.ts';
import type { Compilation } from '../compilation.ts';
import { compileField } from '../expression/field.ts';
import { zoneOf } from '../inbound/load-inbound.ts';
import { TEXT_TARGET } from '../types.ts';
import { checkKeys, mapOf, textOf } from '../words.ts';
import { Zone } from '../zone.ts';
import { givenBindings } from './binding.ts';
import { blankRun } from './blank.ts';
import { compileHl7, type Render } from './hl7-output.ts';
import type { OutboundMapping } from './outbound-mapping.ts';
import { OutboundRun } from './outbound-run.ts';
import { compileReads } from './reads.ts';
import { RecordScope } from './record-scope.ts';
import { compileText } from './text-output.ts';

const LATER_OUTPUTS = ['fhir', 'csv', 'json'];
const DEFAULT_WIDTH = 76;

/** `output: kind:`; undefined where it is missing, unknown or not written by this version. */
export const outputKind = (root: MapNode): 'hl7' | 'text' | null => {
  const output = root.get('output');
  const kind = output?.kind === 'map' ? output.get('kind') : undefined;
  return kind?.kind === 'text' && (kind.text === 'hl7' || kind.text === 'text') ? kind.text : null;
};

const compileOutput = (
  root: MapNode,
  scope: RecordScope,
  file: Compilation,
): { readonly render: Render; readonly sends: string } | undefined => {
  const output = mapOf(root, 'output', file);
  const kind = output && textOf(output, 'kind', file);
  if (output === undefined || kind === undefined)
    return file.reportAt(root.place, 'form', 'an outbound mapping needs output: with kind:', 'hl7 or text');
  if (LATER_OUTPUTS.includes(kind.text))
    return file.reportAt(kind.place, 'unsupported-kind', `output kind ${kind.text} is not supported yet`, 'hl7 and text are');
  if (kind.text !== 'hl7' && kind.text !== 'text')
    return file.reportAt(
      kind.place,
      'word',
      `there is no output kind ${kind.text}`,
      didYouMean(kind.text, ['hl7', 'text', ...LATER_OUTPUTS]),
    );
  checkKeys(output, ['kind', 'charset', 'note', ...(kind.text === 'hl7' ? ['message', 'version'] : ['width'])], file);
  const charsetNode = textOf(output, 'charset', file);
  const charset = charsetNode?.text ?? 'UTF-8';
  if (charsetNode !== undefined && (encodingNamed(charset) ?? '') === '')
    file.reportAt(charsetNode.place, 'charset', `"${charset}" is no character set this version writes`);
  for (const key of ['segments', 'sections']) {
    const entry = root.entry(key);
    if (entry !== undefined && (key === 'segments') !== (kind.text === 'hl7'))
      file.reportAt(entry.keyPlace, 'form', `${key}: does not go with output kind ${kind.text}`);
  }
  if (kind.text === 'text') {
    const width = textOf(output, 'width', file);
    const columns = width === undefined ? DEFAULT_WIDTH : Number(width.text);
    if (width !== undefined && !(Number.isInteger(columns) && columns >= 40 && columns <= 200))
      file.reportAt(width.place, 'word', 'width is a number of letters from 40 to 200');
    return { render: compileText(root, { charset, width: columns }, scope, file), sends: 'text' };
  }
  const message = messageOf(output, scope, file);
  const version = textOf(output, 'version', file)?.text ?? '2.5.1';
  if (message === undefined) return undefined;
  return { render: compileHl7(root, { message: message.read, version, charset }, scope, file), sends: `hl7 ${message.shown}` };
};

const MESSAGE_TYPE = /^[A-Z0-9]{3}\^[A-Z0-9]{3}(\^[A-Z0-9_]+)?$/;

/** `message:` as it stands (`MDM^T02^MDM_T02`), or from the record in the long form where one mapping serves several events. */
const messageOf = (
  output: MapNode,
  scope: RecordScope,
  file: Compilation,
): { readonly shown: string; readonly read: (run: OutboundRun) => string | undefined } | undefined => {
  const node = output.get('message');
  if (node === undefined) return file.reportAt(output.place, 'form', 'output kind hl7 needs message:', 'as in message: MDM^T02^MDM_T02');
  if (node.kind === 'text') {
    if (!MESSAGE_TYPE.test(node.text))
      return file.reportAt(node.place, 'message-type', `"${node.text}" is no message type`, 'write type^event^structure');
    return { shown: node.text, read: () => node.text };
  }
  const line = compileField<OutboundRun>(node, 'message', TEXT_TARGET, scope, file);
  return (
    line && {
      shown: 'by event',
      read: (run) => {
        const value = line.read(run);
        if (typeof value === 'string' && MESSAGE_TYPE.test(value)) return value;
        run.fail('message-type', line.meta, line.locate(run)[0]);
        return undefined;
      },
    }
  );
};

/** `when:` of the file may ask the record and the action alone: it decides before anything else of the person is read. */
const compileFileWhen = (
  root: MapNode,
  kind: KindName,
  scope: RecordScope,
  file: Compilation,
): { readonly condition: Condition; readonly holds: Predicate<OutboundRun> } | undefined => {
  const node = textOf(root, 'when', file);
  if (node === undefined) return undefined;
  const site = file.site(node, 'when');
  const { condition, findings } = parseCondition(node.text, node.at);
  for (const finding of findings) file.report(finding);
  if (condition === undefined) return undefined;
  for (const spot of conditionPaths(condition)) {
    const name = /^[A-Za-z]+/.exec(spot.text)?.[0] ?? '';
    if (name !== kind && name !== 'action' && name !== 'count')
      file.reportAt(node.at(spot.offset), 'when-scope', `when: may ask ${kind} and action, not ${name}`, 'put it on a segment or section');
  }
  const holds = compileCondition<OutboundRun>(condition, {
    place: node.at,
    report: (finding) => file.report(finding),
    path: (spot) => scope.condition(spot, site),
  });
  return holds && { condition, holds };
};

const kindOf = (root: MapNode, file: Compilation): KindName | undefined => {
  const node = textOf(root, 'for', file);
  if (node === undefined) return undefined;
  if (!isKindName(node.text))
    return file.reportAt(node.place, 'unknown-kind', `there is no kind ${node.text}`, didYouMean(node.text, KIND_NAMES));
  if (!KIND_FACTS[node.text].routable)
    return file.reportAt(node.place, 'not-routable', `${node.text} is worked out and never routed`, 'custody events are');
  return node.text;
};

/** Compiles an outbound file. Nothing is returned for a file with errors. */
export const loadOutbound = (root: MapNode, name: string, version: MappingVersion, file: Compilation): OutboundMapping | undefined => {
  const kind = kindOf(root, file);
  if (kind === undefined) return undefined;
  const zone = zoneOf(root, file) ?? Zone.named('UTC');
  const given = givenBindings(kind);
  const { reads, names } = compileReads(root, given, file);
  const when = compileFileWhen(root, kind, new RecordScope(given), file);
  const output = compileOutput(root, new RecordScope(names), file);
  if (file.isBroken || output === undefined || zone === undefined) return undefined;
  const blank = blankRun(kind);
  return {
    name,
    file: file.file,
    place: root.place,
    version,
    kind,
    sends: output.sends,
    reads,
    condition: when?.condition,
    matches: (record, action) =>
      record.kind === kind && (when === undefined || when.holds(new OutboundRun({ ...blank.context, record, action }, zone))),
    render: (context) => {
      const run = new OutboundRun(context, zone);
      const payload = output.render(run);
      if (run.failure === null) return { ok: true, payload, issues: run.issues };
      return { ok: false, hold: { ...run.failure, reason: 'rendering-failed' }, issues: run.issues };
    },
  };
};
