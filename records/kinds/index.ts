import type { TObject } from '@sinclair/typebox';
import { alert } from './alert.ts';
import { allergy } from './allergy.ts';
import { appointment } from './appointment.ts';
import { contact } from './contact.ts';
import { custody, episode } from './custody.ts';
import { encounter } from './encounter.ts';
import { gpRegistration } from './gp-registration.ts';
import { immunisation } from './immunisation.ts';
import type { KeyScope, Kind, KindFacts } from './kind.ts';
import { medication } from './medication.ts';
import { patient } from './patient.ts';
import { problem } from './problem.ts';
import { referral } from './referral.ts';
import { document, report, result } from './report.ts';

export { ENVELOPE } from './envelope.ts';
export type { KeyScope, KindFacts } from './kind.ts';

const declared = {
  patient,
  custody,
  episode,
  gpRegistration,
  report,
  result,
  document,
  allergy,
  medication,
  problem,
  immunisation,
  alert,
  encounter,
  appointment,
  referral,
  contact,
} as const satisfies Readonly<Record<string, Kind>>;

export type KindName = keyof typeof declared;
/** Names that later kinds will have; a mapping may not use them yet. */
export const RESERVED_KINDS = ['screening', 'need', 'consent', 'plan'] as const;

// Object.keys loses the key type; the object is a literal above, so its keys are exactly KindName.
export const KIND_NAMES = Object.keys(declared) as readonly KindName[];
export const isKindName = (name: string): name is KindName => Object.hasOwn(declared, name);

const byName = <T>(pick: (kind: Kind) => T): Readonly<Record<KindName, T>> =>
  // The entries are those of `declared`, one for each name.
  Object.fromEntries(KIND_NAMES.map((name) => [name, pick(declared[name])])) as Record<KindName, T>;

/** Canonical fields of every kind as TypeBox (JSON Schema) objects: the one source of types, checks, editor help and field documentation. */
export const KINDS: Readonly<Record<KindName, TObject>> = byName((kind) => kind.schema);
/** Key scope, routability, FHIR resource, heading and children of every kind. */
export const KIND_FACTS: Readonly<Record<KindName, KindFacts>> = byName((kind) => kind.facts);

/** How far the keys of a record reach (mapping language §7): a child's within its parent, else as its kind says. */
export const keyScope = (kind: KindName, child: boolean): KeyScope => (child ? 'parent' : KIND_FACTS[kind].scope);
