import { kind } from './kind.ts';
import { Coding, dateTime, of, Practitioner, text } from './types.ts';

export const problem = kind(
  { describes: 'A problem or diagnosis.', fhir: 'Condition', heading: 'problems', scope: 'patient' },
  {
    code: of(Coding, 'The problem.', { fhir: 'Condition.code' }),
    clinicalStatus: text('active, recurrence, inactive, remission, resolved. Absent counts as active.', {
      fhir: 'Condition.clinicalStatus',
      values: ['active', 'recurrence', 'relapse', 'inactive', 'remission', 'resolved'],
    }),
    verification: text('unconfirmed, confirmed, refuted …', {
      fhir: 'Condition.verificationStatus',
      values: ['unconfirmed', 'provisional', 'differential', 'confirmed', 'refuted'],
    }),
    significance: text('major or minor.', { fhir: 'Condition.extension:ProblemSignificance', values: ['major', 'minor'] }),
    onset: dateTime('Since when.', { fhir: 'Condition.onsetDateTime' }),
    endedAt: dateTime('Until when.', { fhir: 'Condition.abatementDateTime' }),
    recordedAt: dateTime('When it was written down.', { fhir: 'Condition.recordedDate' }),
    recorder: of(Practitioner, 'Who wrote it down.', { fhir: 'Condition.recorder' }),
    notes: text('Notes.', { fhir: 'Condition.note' }),
  },
);
