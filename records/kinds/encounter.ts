import { kind } from './kind.ts';
import { Coding, dateTime, list, of, Practitioner, Section, text } from './types.ts';

export const encounter = kind(
  { describes: 'A contact with a clinician.', fhir: 'Encounter', heading: 'clinical-summary' },
  {
    type: of(Coding, 'What kind of contact.', { fhir: 'Encounter.type' }),
    class: text('Ambulatory, inpatient …', { fhir: 'Encounter.class' }),
    status: text('planned, in-progress, finished …', {
      fhir: 'Encounter.status',
      values: ['planned', 'arrived', 'in-progress', 'finished', 'cancelled'],
    }),
    start: dateTime('From.', { fhir: 'Encounter.period.start' }),
    end: dateTime('Until.', { fhir: 'Encounter.period.end' }),
    practitioner: of(Practitioner, 'With whom.', { fhir: 'Encounter.participant' }),
    location: text('Where.', { fhir: 'Encounter.location' }),
    reason: text('Why.', { fhir: 'Encounter.reasonCode' }),
    outcome: text('What came of it.'),
    sections: list(Section, 'Headed notes.'),
  },
);
