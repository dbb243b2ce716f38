import type { OdsCode } from '../../records/ids.ts';
import type { Json } from '../../records/mapped.ts';
import type { Envelope } from '../../records/ports.ts';
import type { CanonicalRecord } from '../../records/record.ts';
import type { Addressing } from '../plan/plan.ts';

/**
 * What a destination must be told beside the payload, as it is known at filing. Undefined where it asks for nothing; null where something
 * it asks for is not known. `patient`: as outbound mappings see it, identifiers included.
 */
export const envelopeFor = (
  { organisation, patient: byPatient }: Addressing,
  recipient: OdsCode | undefined,
  patient: () => CanonicalRecord,
): Envelope | undefined | null => {
  if (!organisation && !byPatient) return undefined;
  const details = byPatient ? patientDetails(patient().fields) : undefined;
  if (details === null || (organisation && recipient === undefined)) return null;
  return {
    ...(organisation && recipient !== undefined ? { recipientOds: recipient } : {}),
    ...(details === undefined ? {} : { patient: details }),
  };
};

/** All three, or null: the service finds nobody by less (MESH rule 1.9). A birth date of which only the year is known is not enough. */
const patientDetails = (fields: CanonicalRecord['fields']): Envelope['patient'] | null => {
  const [nhsNumber, birthDate, familyName] = [textOf(fields.nhsNumber), textOf(fields.birthDate), familyOf(fields.name)];
  if (nhsNumber === undefined || birthDate === undefined || familyName === undefined) return null;
  return /^\d{4}-\d\d-\d\d$/.test(birthDate) ? { nhsNumber, birthDate, familyName } : null;
};

const textOf = (value: Json | undefined): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined);

const familyOf = (name: Json | undefined): string | undefined => {
  if (typeof name !== 'object' || name === null || Array.isArray(name)) return undefined;
  return textOf(new Map(Object.entries(name)).get('family'));
};
