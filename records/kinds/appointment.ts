import { kind } from './kind.ts';
import { dateTime, flag, of, Practitioner, text } from './types.ts';

export const appointment = kind(
  { describes: 'An appointment.', fhir: 'Appointment', heading: 'future-appointments' },
  {
    service: text('Service.', { fhir: 'Appointment.serviceType' }),
    specialty: text('Specialty.', { fhir: 'Appointment.specialty' }),
    status: text('proposed, booked, arrived, fulfilled, cancelled, noshow …', {
      fhir: 'Appointment.status',
      values: ['proposed', 'pending', 'booked', 'arrived', 'fulfilled', 'cancelled', 'noshow'],
    }),
    start: dateTime('From.', { fhir: 'Appointment.start' }),
    end: dateTime('Until.', { fhir: 'Appointment.end' }),
    location: text('Where.', { fhir: 'Appointment.participant:location' }),
    practitioner: of(Practitioner, 'With whom.', { fhir: 'Appointment.participant:practitioner' }),
    priority: text('Priority.', { fhir: 'Appointment.priority' }),
    escortRequired: flag('An escort is needed.'),
    outcome: text('What came of it.'),
    cancellationReason: text('Why cancelled, coded.', { fhir: 'Appointment.cancelationReason' }),
    cancellationText: text('Why cancelled, in words.'),
  },
);
