import { kind } from './kind.ts';
import { Coding, dateTime, flag, Ingredient, integer, list, of, Practitioner, Quantity, text } from './types.ts';

export const medication = kind(
  { describes: 'A medicine.', fhir: 'MedicationStatement', heading: 'medications-and-medical-devices', scope: 'patient' },
  {
    code: of(Coding, 'The medicine (dm+d where coded).', { fhir: 'MedicationStatement.medicationCodeableConcept' }),
    form: of(Coding, 'Tablet, liquid …', { fhir: 'Medication.form' }),
    route: of(Coding, 'How it is given.', { fhir: 'MedicationStatement.dosage.route' }),
    status: text('active, completed, stopped … Absent counts as current.', {
      fhir: 'MedicationStatement.status',
      values: ['active', 'completed', 'stopped', 'on-hold', 'cancelled', 'intended', 'not-taken', 'unknown'],
    }),
    category: text('acute, repeat, in-possession, opioid-substitution.', {
      fhir: 'MedicationStatement.category',
      values: ['acute', 'repeat', 'in-possession', 'opioid-substitution'],
    }),
    doseText: text('Dose and directions, in words.', { fhir: 'MedicationStatement.dosage.text' }),
    doseLow: of(Quantity, 'Dose, or the least of it.', { fhir: 'MedicationStatement.dosage.doseAndRate' }),
    doseHigh: of(Quantity, 'The most of it.', { fhir: 'MedicationStatement.dosage.doseAndRate' }),
    frequency: text('How often.', { fhir: 'MedicationStatement.dosage.timing' }),
    ingredients: list(Ingredient, 'What it is made up of.', { fhir: 'Medication.ingredient' }),
    started: dateTime('From.', { fhir: 'MedicationStatement.effectivePeriod.start' }),
    ended: dateTime('Until.', { fhir: 'MedicationStatement.effectivePeriod.end' }),
    lastIssuedAt: dateTime('Last issued.', { fhir: 'MedicationStatement.extension:MedicationStatementLastIssueDate' }),
    lastDoseAt: dateTime('Last taken.'),
    quantity: of(Quantity, 'How much is supplied.', { fhir: 'MedicationRequest.dispenseRequest.quantity' }),
    supplyDays: integer('For how many days.', { fhir: 'MedicationRequest.dispenseRequest.expectedSupplyDuration' }),
    supervised: flag('Taken under supervision.'),
    prescriber: of(Practitioner, 'Who prescribed it.', { fhir: 'MedicationRequest.requester' }),
    indication: text('What for.', { fhir: 'MedicationStatement.reasonCode' }),
    changeReason: text('Why it was changed.'),
    notes: text('Notes.', { fhir: 'MedicationStatement.note' }),
  },
);
