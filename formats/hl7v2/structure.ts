import { type GroupNode, parseGroupTree } from './group-tree.ts';
import type { Hl7Message } from './reader.ts';
import { ADMISSION, ADMISSION_EVENTS } from './structures/admission.ts';
import { CLINICAL, CLINICAL_EVENTS } from './structures/clinical.ts';

const DECLARED = new Map([...Object.entries(ADMISSION), ...Object.entries(CLINICAL)]);
/** `ADT_A08` → `ADT_A01`: the name an event would have if it had a structure of its own. */
const ALIASES = new Map<string, string>();
for (const [structure, events] of [...Object.entries(ADMISSION_EVENTS), ...Object.entries(CLINICAL_EVENTS)])
  for (const event of events.split(' ')) ALIASES.set(`${structure.slice(0, 3)}_${event}`, structure);
const trees = new Map<string, GroupNode>();

/** The structures known by name. */
export const STRUCTURES: readonly string[] = [...DECLARED.keys()];

/** Name of the structure for a name that is one, or that an event would suggest (`ADT_A08`, `MDM_T10`); undefined where unknown. */
export const structureNamed = (name: string): string | undefined => (DECLARED.has(name) ? name : ALIASES.get(name));

/** The tree of a structure (MSH-9.3) or of an event written like one; undefined where unknown. */
export function groupTree(structure: string): GroupNode | undefined {
  const name = structureNamed(structure);
  const text = name === undefined ? undefined : DECLARED.get(name);
  if (name === undefined || text === undefined) return undefined;
  const tree = trees.get(name) ?? parseGroupTree(text);
  trees.set(name, tree);
  return tree;
}

/** Structure of a message: MSH-9.3 where it is known, else by MSH-9.1 and MSH-9.2 (before 2.3.1 there is no MSH-9.3). */
export function structureOf(message: Pick<Hl7Message, 'code' | 'trigger' | 'structure'>): string | undefined {
  if (message.code === 'ACK') return 'ACK';
  return structureNamed(message.structure) ?? structureNamed(`${message.code}_${message.trigger}`);
}
