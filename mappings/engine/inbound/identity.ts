import type { TSchema } from '@sinclair/typebox';
import { date, LocalId, list, text, word } from '../../../records/kinds/types.ts';
import type { IdentityEvidence } from '../../../records/mapped.ts';
import type { FieldPlan } from '../expression/object.ts';
import { nhsNumberOf } from '../functions/identity.ts';
import { CLEARED } from '../value.ts';
import type { InboundRun } from './inbound-run.ts';

/** Fields of `identify:` and `retired:`. Evidence only: they change nothing. */
export const IDENTITY_FIELDS: Readonly<Record<string, TSchema>> = {
  nhsNumber: text('NHS number.'),
  nhsNumberStatus: word(['01', '02', '03', '04', '05', '06', '07', '08'], 'NHS Data Dictionary status.'),
  prisonNumber: text('Prison (NOMIS) number.'),
  pncNumber: text('Police National Computer number.'),
  croNumber: text('Criminal Records Office number.'),
  homeOfficeReference: text('Home Office reference.'),
  localIds: list(LocalId, 'Numbers of other systems.'),
  familyName: text('Surname.'),
  givenName: text('First given name.'),
  birthDate: date('Date of birth.'),
  gender: word(['male', 'female', 'other', 'unknown'], 'Administrative gender.'),
  postcode: text('Postcode.'),
};
/** Those that name one person. */
export const IDENTIFIERS = ['nhsNumber', 'prisonNumber', 'pncNumber', 'croNumber', 'homeOfficeReference', 'localIds'] as const;

const upper = (value: string): string => value.toUpperCase().replace(/\s/g, '');
/** Canonical form of an identifier; undefined where it cannot be one. */
const NORMAL: Readonly<Record<string, (value: string) => string | undefined>> = {
  nhsNumber: nhsNumberOf,
  prisonNumber: upper,
  pncNumber: upper,
  croNumber: upper,
  homeOfficeReference: upper,
};

/** Evidence of who a message is about, each value normalised. What is refused is left out, with an issue. */
export const evidenceOf = (plans: readonly FieldPlan<InboundRun>[], run: InboundRun): IdentityEvidence => {
  const evidence: Record<string, unknown> = {};
  for (const plan of plans) {
    const value = plan.read(run) ?? plan.fallback;
    if (value === undefined) continue;
    if (value === CLEARED) {
      run.note('cleared-evidence', plan.meta, undefined);
      continue;
    }
    const normal = NORMAL[plan.name];
    const kept = normal === undefined || typeof value !== 'string' ? value : normal(value);
    if (kept === undefined || kept === '') run.note('nhs-number', plan.meta, undefined);
    else evidence[plan.name] = kept;
  }
  // The plans were compiled against IDENTITY_FIELDS, whose shapes are those of IdentityEvidence.
  return evidence as IdentityEvidence;
};
