import { kind } from './kind.ts';
import { dateTime, ods, text, word } from './types.ts';

/** NHAIS registration states; `previous` is a practice named by someone other than the registration service. */
const REGISTRATION_STATUSES = [
  'requested',
  'accepted',
  'amended',
  'removed',
  'deducted',
  'rejected',
  'prior-notification',
  'previous',
] as const;

export const gpRegistration = kind(
  { describes: 'A registration with a GP practice.', fhir: 'Patient.generalPractitioner', heading: 'gp-practice', scope: 'patient' },
  {
    practiceOds: ods('ODS code of the practice.', { fhir: 'Patient.generalPractitioner.identifier.value' }),
    practiceName: text('Name of the practice.'),
    gpCode: text('Code of the GP.'),
    gpName: text('Name of the GP.'),
    registrationType: text('GMS, temporary, pre-registration, special-allocation.', {
      values: ['GMS', 'temporary', 'pre-registration', 'special-allocation'],
    }),
    status: word(REGISTRATION_STATUSES, 'State of the registration (NHAIS).'),
    startedAt: dateTime('Registered from.'),
    endedAt: dateTime('Registered until.'),
    reason: text('Why it changed.'),
    previousPracticeOds: ods('The practice before this one.'),
  },
);
