import { groupTree, structureNamed } from '../../../formats/hl7v2/groups.ts';
import { didYouMean } from '../../../language/did-you-mean.ts';
import type { MapEntry, MapNode } from '../../../language/yaml.ts';
import { KINDS } from '../../../records/kinds/index.ts';
import type { Compilation } from '../compilation.ts';
import { isSegment } from '../dictionary.ts';
import { compileField } from '../expression/field.ts';
import { compileObject, type FieldPlan, isMapNode } from '../expression/object.ts';
import { setLines } from '../expression/set-lines.ts';
import { compileWhen } from '../expression/when.ts';
import type { Target } from '../types.ts';
import { fieldsOf } from '../types.ts';
import { checkKeys, listOf, mapOf, textOf, wordOf } from '../words.ts';
import { AS_OF_TARGET, compileRecords, IF_UNKNOWN } from './compile-record.ts';
import { Hl7Scope } from './hl7-scope.ts';
import { IDENTIFIERS, IDENTITY_FIELDS } from './identity.ts';
import type { CheckPlan, InboundPlan } from './inbound-plan.ts';
import type { InboundRun } from './inbound-run.ts';

/** One message type of `match.message`. */
export interface MessageType {
  readonly code: string;
  readonly trigger: string;
}

const BLOCK_KEYS = ['use', 'set', 'when', 'note'];
const UNDO = /^undo/;

/** Compiles an inbound file for one message structure. Findings go to the compilation; a broken one must not be run. */
export const compileInbound = (root: MapNode, type: MessageType, triggers: readonly string[], file: Compilation): InboundPlan => {
  const structure = structureNamed(`${type.code}_${type.trigger}`);
  const tree = structure === undefined ? undefined : groupTree(structure);
  const outer = Hl7Scope.ofMessage(tree);
  const per = textOf(root, 'onePatientPer', file);
  const parts = per && outer.loop({ text: per.text, offset: 0 }, file.site(per, 'onePatientPer'));
  const scope = parts?.inside ?? outer;
  const asOf = root.get('asOf');
  checkIgnored(root, scope, file);
  return {
    tree,
    rule: `${file.file}:${root.place.line}`,
    parts: parts?.loop,
    asOf: asOf && compileField<InboundRun>(asOf, 'asOf', AS_OF_TARGET, scope, file),
    identify: compileIdentify(root, scope, file),
    patient: compilePatient(root, scope, file),
    custody: compileCustody(root, scope, file),
    merge: compileMerge(root, scope, file),
    records: compileRecords(root, scope, file, triggers),
    checks: compileChecks(root, scope, file),
  };
};

const whenOf = (node: MapNode, scope: Hl7Scope, file: Compilation, name: string) => {
  const when = node.get('when');
  return when === undefined ? undefined : compileWhen<InboundRun>(when, scope, file, name);
};

const identityPlans = (lines: readonly MapEntry[], prefix: string, scope: Hl7Scope, file: Compilation): FieldPlan<InboundRun>[] =>
  compileObject<InboundRun>(lines, IDENTITY_FIELDS, { file, scope, prefix, identifiers: IDENTIFIERS });

const compileIdentify = (root: MapNode, scope: Hl7Scope, file: Compilation): FieldPlan<InboundRun>[] => {
  const node = mapOf(root, 'identify', file);
  if (node === undefined) {
    if (root.get('identify') === undefined)
      file.reportAt(root.place, 'no-identify', 'the mapping does not say who a message is about', 'add identify: with use: or set:');
    return [];
  }
  checkKeys(
    node,
    BLOCK_KEYS.filter((key) => key !== 'when'),
    file,
  );
  return identityPlans(setLines(node, file) ?? [], 'identify', scope, file);
};

const compilePatient = (root: MapNode, scope: Hl7Scope, file: Compilation): InboundPlan['patient'] => {
  const node = mapOf(root, 'patient', file);
  if (node === undefined) return undefined;
  checkKeys(node, BLOCK_KEYS, file);
  const fields = compileObject<InboundRun>(setLines(node, file) ?? [], fieldsOf(KINDS.patient) ?? {}, {
    file,
    scope,
    prefix: 'patient',
  });
  return { when: whenOf(node, scope, file, 'patient'), fields };
};

const compileCustody = (root: MapNode, scope: Hl7Scope, file: Compilation): InboundPlan['custody'] => {
  const node = mapOf(root, 'custody', file);
  if (node === undefined) return undefined;
  checkKeys(node, [...BLOCK_KEYS, 'ifUnknown'], file);
  const lines = setLines(node, file) ?? [];
  const line = (key: string): MapEntry | undefined => lines.find((entry) => entry.key === key);
  const event = line('event')?.value;
  const word = event?.kind === 'text' && event.text.startsWith('= ') ? event.text.slice(2).trim() : '';
  const needed = [
    'event',
    'booking',
    ...(word === '' || word === 'detail' || UNDO.test(word) ? [] : ['at']),
    ...(word === 'reception' || word === 'transfer' ? ['to'] : []),
  ];
  for (const key of needed)
    if (!lines.some((entry) => entry.key === key || entry.key.startsWith(`${key}.`)))
      file.reportAt(
        root.entry('custody')?.keyPlace ?? node.place,
        'custody-needs',
        `a custody event needs ${key}`,
        `add ${key}: under set:`,
      );
  const fields = compileObject<InboundRun>(lines, fieldsOf(KINDS.custody) ?? {}, { file, scope, prefix: 'custody' });
  return {
    meta: file.meta(node, 'custody'),
    when: whenOf(node, scope, file, 'custody'),
    fields,
    ifUnknown: wordOf(node, 'ifUnknown', IF_UNKNOWN, 'hold', file),
  };
};

const MERGE_TARGET: Target = { type: 'word', list: false, words: ['merge', 'unmerge', 'move'], strict: true, mustBeValid: true };

const compileMerge = (root: MapNode, scope: Hl7Scope, file: Compilation): InboundPlan['merge'] => {
  const node = mapOf(root, 'merge', file);
  if (node === undefined) return undefined;
  checkKeys(node, ['action', 'retired', 'ifUnknown', 'note'], file);
  const action = node.get('action');
  const retired = mapOf(node, 'retired', file);
  const compiled = action && compileField<InboundRun>(action, 'merge.action', MERGE_TARGET, scope, file);
  if (action === undefined) file.reportAt(node.place, 'form', 'merge: needs action:', 'write action: = merge');
  if (retired === undefined) return file.reportAt(node.place, 'form', 'merge: needs retired:', 'the identifiers of the one that goes');
  const lines = retired.get('use') !== undefined || retired.get('set') !== undefined ? (setLines(retired, file) ?? []) : retired.entries;
  if (!lines.some((entry) => IDENTIFIERS.some((name) => name === entry.key)))
    file.reportAt(retired.place, 'form', 'retired: needs an identifier', `one of ${IDENTIFIERS.join(', ')}`);
  const plans = identityPlans(lines, 'merge.retired', scope, file);
  return (
    compiled && {
      meta: file.meta(node, 'merge'),
      action: compiled,
      retired: plans,
      ifUnknown: wordOf(node, 'ifUnknown', IF_UNKNOWN, 'hold', file),
    }
  );
};

const compileChecks = (root: MapNode, scope: Hl7Scope, file: Compilation): CheckPlan[] =>
  listOf(root, 'checks', file).flatMap((item) => {
    if (!isMapNode(item)) {
      file.reportAt(item.place, 'form', 'a check has that:, otherwise: and say:');
      return [];
    }
    checkKeys(item, ['that', 'otherwise', 'say', 'note'], file);
    const node = item.get('that');
    if (node === undefined) file.reportAt(item.place, 'form', 'a check needs that:', 'a condition that should hold');
    const that = node && compileWhen<InboundRun>(node, scope, file, 'check');
    const otherwise = wordOf(item, 'otherwise', ['hold', 'reject', 'note'], 'hold', file);
    const say = textOf(item, 'say', file)?.text ?? '';
    return that === undefined ? [] : [{ meta: file.meta(node, 'check'), that, otherwise, say }];
  });

/** `ignore:` names parts of the message that are left out on purpose; a path that does not exist would hide nothing. */
const checkIgnored = (root: MapNode, scope: Hl7Scope, file: Compilation): void => {
  for (const entry of mapOf(root, 'ignore', file)?.entries ?? []) {
    const site = {
      file,
      meta: file.meta({ place: entry.keyPlace }, 'ignore'),
      at: (offset: number) => ({ ...entry.keyPlace, column: entry.keyPlace.column + offset }),
    };
    const path = scope.parse({ text: entry.key, offset: 0 }, site);
    if (path?.segment !== undefined && isSegment(path.segment) && path.field !== undefined) scope.typeOf(path, path.segment, site);
    if (entry.value.kind !== 'text' || entry.value.text.trim() === '')
      file.reportAt(entry.value.place, 'form', 'say why it is ignored', didYouMean('', []));
  }
};
