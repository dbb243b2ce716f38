import { kind } from './kind.ts';
import { Coding, date, dateTime, integer, of, Practitioner, Quantity, text } from './types.ts';

export const immunisation = kind(
  { describes: 'A vaccination given or not given.', fhir: 'Immunization', heading: 'immunisations', scope: 'patient' },
  {
    code: of(Coding, 'The vaccine.', { fhir: 'Immunization.vaccineCode' }),
    procedureCode: of(Coding, 'The vaccination procedure.', { fhir: 'Immunization.extension:VaccinationProcedure' }),
    status: text('completed or not-done.', { fhir: 'Immunization.status', values: ['completed', 'not-done', 'entered-in-error'] }),
    statusReason: text('Why not given.', { fhir: 'Immunization.statusReason' }),
    occurredAt: dateTime('When.', { fhir: 'Immunization.occurrenceDateTime' }),
    site: of(Coding, 'Where on the body.', { fhir: 'Immunization.site' }),
    route: of(Coding, 'How it was given.', { fhir: 'Immunization.route' }),
    dose: of(Quantity, 'How much.', { fhir: 'Immunization.doseQuantity' }),
    doseNumber: integer('Which dose of the course.', { fhir: 'Immunization.protocolApplied.doseNumberPositiveInt' }),
    lotNumber: text('Batch.', { fhir: 'Immunization.lotNumber' }),
    expiryDate: date('Expiry of the batch.', { fhir: 'Immunization.expirationDate' }),
    manufacturer: text('Maker.', { fhir: 'Immunization.manufacturer' }),
    performer: of(Practitioner, 'Who gave it.', { fhir: 'Immunization.performer' }),
    location: text('Where it was given.', { fhir: 'Immunization.location' }),
    recordedAt: dateTime('When it was written down.', { fhir: 'Immunization.recorded' }),
  },
);
