import { didYouMean } from '../../../language/did-you-mean.ts';
import type { MapEntry, MapNode, YamlNode } from '../../../language/yaml.ts';
import { isKindName, KIND_FACTS, KIND_NAMES, KINDS, type KindName, RESERVED_KINDS } from '../../../records/kinds/index.ts';
import type { Compilation } from '../compilation.ts';
import type { Compiled } from '../expression/compiled.ts';
import { compileField } from '../expression/field.ts';
import { compileObject, isMapNode } from '../expression/object.ts';
import { setLines } from '../expression/set-lines.ts';
import { compileWhen } from '../expression/when.ts';
import type { Target } from '../types.ts';
import { fieldsOf } from '../types.ts';
import { checkKeys, listOf, wordOf } from '../words.ts';
import { checkActionCodes } from './action-codes.ts';
import type { Hl7Scope } from './hl7-scope.ts';
import type { InboundRun } from './inbound-run.ts';
import type { KeyPlan, RecordPlan } from './record-plan.ts';

const RULE_KEYS = [
  'record',
  'each',
  'when',
  'list',
  'whenNone',
  'noneKnown',
  'onFail',
  'keys',
  'action',
  'ifUnknown',
  'asOf',
  'set',
  'use',
  'records',
  'note',
];
const WRITABLE = KIND_NAMES.filter((kind) => KIND_FACTS[kind].byRule);

const KEY_TARGET: Target = { type: 'text', list: false, strict: true, mustBeValid: true };
const ACTION_TARGET: Target = { type: 'word', list: false, words: ['put', 'replace', 'cancel', 'error'], strict: true, mustBeValid: true };
export const AS_OF_TARGET: Target = { type: 'dateTime', list: false };
export const IF_UNKNOWN = ['hold', 'remember', 'note'] as const;

/** Compiles `records:`; `parent` is the kind the rules are children of. */
export const compileRecords = (
  node: MapNode,
  scope: Hl7Scope,
  file: Compilation,
  triggers: readonly string[],
  parent?: KindName,
): RecordPlan[] =>
  listOf(node, 'records', file).flatMap((item) => {
    if (!isMapNode(item)) {
      file.reportAt(item.place, 'form', 'a record rule begins with record: and its kind');
      return [];
    }
    const plan = compileRecord(item, scope, file, triggers, parent);
    return plan === undefined ? [] : [plan];
  });

const kindOf = (node: MapNode, file: Compilation, parent: KindName | undefined): KindName | undefined => {
  const record = node.get('record');
  if (record?.kind !== 'text') return file.reportAt(node.place, 'form', 'a record rule begins with record: and its kind');
  const { text, place } = record;
  if (RESERVED_KINDS.some((kind) => kind === text)) return file.reportAt(place, 'unsupported-kind', `kind ${text} is not supported yet`);
  if (!isKindName(text)) return file.reportAt(place, 'unknown-kind', `there is no kind ${text}`, didYouMean(text, WRITABLE));
  if (!KIND_FACTS[text].byRule)
    return file.reportAt(
      place,
      'kind-elsewhere',
      `${text} is not written by a record rule`,
      text === 'episode' ? 'it is worked out from custody events' : `write it under ${text}:`,
    );
  if (parent !== undefined && !Object.values(KIND_FACTS[parent].children).includes(text))
    return file.reportAt(
      place,
      'no-child',
      `a ${parent} has no ${text}`,
      `it may have ${Object.values(KIND_FACTS[parent].children).join(', ') || 'none'}`,
    );
  return text;
};

const compileRecord = (
  node: MapNode,
  scope: Hl7Scope,
  file: Compilation,
  triggers: readonly string[],
  parent: KindName | undefined,
): RecordPlan | undefined => {
  checkKeys(node, RULE_KEYS, file);
  const kind = kindOf(node, file, parent);
  if (kind === undefined) return undefined;
  const each = node.get('each');
  const looped = each?.kind === 'text' ? scope.loop({ text: each.text, offset: 0 }, file.site(each, kind)) : undefined;
  if (each !== undefined && looped === undefined) return undefined;
  const inside = looped?.inside ?? scope;
  const condition = (key: string) => {
    const value = node.get(key);
    return value === undefined ? undefined : compileWhen(value, inside, file, kind);
  };
  const [when, noneKnown] = [condition('when'), condition('noneKnown')];
  const list = wordOf(node, 'list', ['add', 'snapshot'], 'add', file);
  checkList(node, list, parent, file);
  const action = node.get('action');
  if (action !== undefined) checkActionCodes(action, file, triggers);
  const asOf = node.get('asOf');
  const lines = setLines(node, file);
  return {
    kind,
    place: node.place,
    meta: file.meta(node, kind),
    loop: looped?.loop,
    when,
    noneKnown,
    list,
    whenNone: wordOf(node, 'whenNone', ['keep', 'clear'], 'keep', file),
    keys: compileKeys(node, kind, inside, file),
    action: action && compileField<InboundRun>(action, `${kind}.action`, ACTION_TARGET, inside, file),
    ifUnknown: wordOf(node, 'ifUnknown', IF_UNKNOWN, 'hold', file),
    asOf: asOf && compileField<InboundRun>(asOf, `${kind}.asOf`, AS_OF_TARGET, inside, file),
    fields: lines === undefined ? [] : compileObject<InboundRun>(lines, fieldsOf(KINDS[kind]) ?? {}, { file, scope: inside, prefix: kind }),
    children: compileRecords(node, inside, file, triggers, kind),
    onFail: wordOf(node, 'onFail', ['hold', 'skip', 'reject'], 'hold', file),
  };
};

const checkList = (node: MapNode, list: 'add' | 'snapshot', parent: KindName | undefined, file: Compilation): void => {
  const at = node.entry('list');
  if (at !== undefined && list === 'snapshot' && parent !== undefined)
    file.reportAt(
      at.keyPlace,
      'unsupported-kind',
      'a snapshot of the children of a record is not supported yet',
      'action: replace takes the parent as the whole record',
    );
  const when = node.entry('when');
  if (list === 'snapshot' && when !== undefined)
    file.reportAt(
      when.keyPlace,
      'snapshot-with-when',
      'items that when: excludes end like those that are not listed',
      'an item that says "none known" goes under noneKnown:',
      'warning',
    );
  for (const key of ['whenNone', 'noneKnown']) {
    const entry = node.entry(key);
    if (entry !== undefined && list !== 'snapshot' && key === 'whenNone')
      file.reportAt(entry.keyPlace, 'word', 'whenNone: belongs to list: snapshot');
  }
  const ifUnknown = node.entry('ifUnknown');
  if (ifUnknown !== undefined && node.get('action') === undefined)
    file.reportAt(ifUnknown.keyPlace, 'unused', 'ifUnknown: is for cancel and error, and this rule has no action:', {}, 'warning');
};

const compileKeys = (node: MapNode, kind: KindName, scope: Hl7Scope, file: Compilation): KeyPlan[] => {
  const keys = node.get('keys');
  if (!isMapNode(keys) || keys.entries.length === 0) {
    file.reportAt(
      node.entry('keys')?.keyPlace ?? node.place,
      'no-keys',
      `record ${kind} needs keys:`,
      'what tells one from another, e.g. filler: OBR-3.1; one per patient: current: = current',
    );
    return [];
  }
  return keys.entries.flatMap((entry) => {
    const plan = compileKey(entry, kind, scope, file);
    return plan === undefined ? [] : [plan];
  });
};

const compileKey = (entry: MapEntry, kind: KindName, scope: Hl7Scope, file: Compilation): KeyPlan | undefined => {
  const nodes: readonly YamlNode[] = entry.value.kind === 'list' ? entry.value.items : [entry.value];
  const compiled = nodes.map((part) => compileField<InboundRun>(part, `${kind}.keys.${entry.key}`, KEY_TARGET, scope, file));
  const parts: Compiled<InboundRun>[] = compiled.filter((part) => part !== undefined);
  if (parts.length < compiled.length || parts.length === 0) return undefined;
  if (parts.every((part) => part.constant) && entry.key !== 'current')
    return file.reportAt(
      entry.keyPlace,
      'constant-key',
      `key ${entry.key} is the same for every record`,
      'for one per patient write current: = current',
    );
  return { name: entry.key, parts };
};
