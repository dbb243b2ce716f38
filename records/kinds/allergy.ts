import { kind } from './kind.ts';
import { Coding, dateTime, list, of, Practitioner, Reaction, text } from './types.ts';

export const allergy = kind(
  { describes: 'An allergy or intolerance.', fhir: 'AllergyIntolerance', heading: 'allergies-and-adverse-reactions', scope: 'patient' },
  {
    code: of(Coding, 'What causes it.', { fhir: 'AllergyIntolerance.code' }),
    category: text('food, medication, environment, biologic.', {
      fhir: 'AllergyIntolerance.category',
      values: ['food', 'medication', 'environment', 'biologic'],
    }),
    type: text('allergy or intolerance.', { fhir: 'AllergyIntolerance.type', values: ['allergy', 'intolerance'] }),
    clinicalStatus: text('active, inactive, resolved. Absent counts as active.', {
      fhir: 'AllergyIntolerance.clinicalStatus',
      values: ['active', 'inactive', 'resolved'],
    }),
    verification: text('unconfirmed, confirmed, refuted.', {
      fhir: 'AllergyIntolerance.verificationStatus',
      values: ['unconfirmed', 'presumed', 'confirmed', 'refuted'],
    }),
    criticality: text('low, high, unable-to-assess.', {
      fhir: 'AllergyIntolerance.criticality',
      values: ['low', 'high', 'unable-to-assess'],
    }),
    severity: text('mild, moderate, severe.', { fhir: 'AllergyIntolerance.reaction.severity', values: ['mild', 'moderate', 'severe'] }),
    reactions: list(Reaction, 'How it shows.', { fhir: 'AllergyIntolerance.reaction' }),
    onset: dateTime('Since when.', { fhir: 'AllergyIntolerance.onsetDateTime' }),
    recordedAt: dateTime('When it was written down.', { fhir: 'AllergyIntolerance.recordedDate' }),
    recorder: of(Practitioner, 'Who wrote it down.', { fhir: 'AllergyIntolerance.recorder' }),
    endedAt: dateTime('When it ended.', { fhir: 'AllergyIntolerance.extension:AllergyIntoleranceEnd' }),
    endReason: text('Why it ended.', { fhir: 'AllergyIntolerance.extension:AllergyIntoleranceEnd' }),
    notes: text('Notes.', { fhir: 'AllergyIntolerance.note' }),
  },
);
