import { STRUCTURES, structureNamed } from '../../../formats/hl7v2/groups.ts';
import { didYouMean } from '../../../language/did-you-mean.ts';
import type { MapNode } from '../../../language/yaml.ts';
import type { MappingVersion } from '../../../records/ids.ts';
import type { Compilation } from '../compilation.ts';
import { checkKeys, commaWords, mapOf, textOf } from '../words.ts';
import { Zone } from '../zone.ts';
import { compileInbound, type MessageType } from './compile-inbound.ts';
import { type InboundMapping, inboundMapping } from './inbound-mapping.ts';
import type { InboundPlan } from './inbound-plan.ts';

const LATER_INPUTS = ['csv', 'fixed', 'fhir', 'json'];

const matchOf = (root: MapNode, file: Compilation): { readonly types: readonly MessageType[]; readonly sources: readonly string[] } => {
  const match = mapOf(root, 'match', file);
  if (match === undefined) return { types: [], sources: [] };
  checkKeys(match, ['source', 'message', 'file', 'bundle', 'note'], file);
  for (const key of ['file', 'bundle']) {
    const entry = match.entry(key);
    if (entry !== undefined)
      file.reportAt(entry.keyPlace, 'unsupported-kind', `match: ${key}: is not supported yet`, 'HL7 v2 messages are: message: ADT^A01');
  }
  const source = textOf(match, 'source', file);
  const message = textOf(match, 'message', file);
  if (message === undefined && match.get('file') === undefined && match.get('bundle') === undefined)
    file.reportAt(match.place, 'form', 'match: needs message:', 'as in message: ADT^A08, ADT^A31');
  const types: MessageType[] = [];
  for (const word of message === undefined ? [] : commaWords(message)) {
    const found = /^([A-Z0-9]{3})\^([A-Z0-9]{3})$/.exec(word.text);
    if (found === null)
      file.reportAt(
        message?.at(word.offset) ?? match.place,
        'message-type',
        `"${word.text}" is no message type`,
        'write type^event, as in ADT^A08',
      );
    else {
      const [, code = '', trigger = ''] = found;
      if (structureNamed(`${code}_${trigger}`) === undefined)
        file.reportAt(
          message?.at(word.offset) ?? match.place,
          'unknown-structure',
          `the groups of ${word.text} are not known: its segments are read without groups`,
          didYouMean(`${code}_${trigger}`, STRUCTURES),
          'warning',
        );
      types.push({ code, trigger });
    }
  }
  return { types, sources: source === undefined ? [] : commaWords(source).map((word) => word.text) };
};

/** True where the file asks for something this version does not read; said once, plainly, instead of many findings about its paths. */
const isLater = (root: MapNode, file: Compilation): boolean => {
  const input = mapOf(root, 'input', file);
  const kind = input?.get('kind');
  let later = false;
  if (kind?.kind === 'text' && kind.text !== 'hl7') {
    later = true;
    if (LATER_INPUTS.includes(kind.text))
      file.reportAt(kind.place, 'unsupported-kind', `input kind ${kind.text} is not supported yet`, 'hl7 is');
    else file.reportAt(kind.place, 'word', `there is no input kind ${kind.text}`, didYouMean(kind.text, ['hl7', ...LATER_INPUTS]));
  }
  const groups = root.entry('groups');
  if (groups !== undefined)
    file.reportAt(groups.keyPlace, 'unsupported-kind', 'groups: is not supported yet', 'the groups come from the message structure');
  const match = root.get('match');
  return later || (match?.kind === 'map' && match.get('message') === undefined);
};

export const zoneOf = (root: MapNode, file: Compilation): Zone | undefined => {
  const node = textOf(root, 'zone', file);
  if (node === undefined) return undefined;
  return Zone.named(node.text) ?? file.reportAt(node.place, 'zone', `"${node.text}" is no time zone`, 'as in Europe/London');
};

/** Compiles an inbound file for every structure of its message types. Nothing is returned for a file with errors. */
export const loadInbound = (root: MapNode, name: string, version: MappingVersion, file: Compilation): InboundMapping | undefined => {
  const { types, sources } = matchOf(root, file);
  const zone = zoneOf(root, file);
  if (isLater(root, file)) return undefined;
  const triggers = types.map((type) => type.trigger);
  const plans = new Map<string, InboundPlan>();
  for (const type of types) {
    const structure = structureNamed(`${type.code}_${type.trigger}`) ?? `${type.code}_${type.trigger}`;
    if (!plans.has(structure)) plans.set(structure, compileInbound(root, type, triggers, file));
  }
  if (file.isBroken || plans.size === 0) return undefined;
  const system = textOf(root, 'system', file)?.text;
  return inboundMapping({ name, file: file.file, version, sources, types, system, zone, plans });
};
