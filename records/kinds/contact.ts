import { kind } from './kind.ts';
import { Address, ContactPoint, flag, HumanName, integer, list, of, text } from './types.ts';

export const contact = kind(
  {
    describes: 'Next of kin, guardian or another person to contact.',
    fhir: 'RelatedPerson',
    heading: 'patient-and-carer-concerns',
    scope: 'patient',
  },
  {
    name: of(HumanName, 'Name.', { fhir: 'RelatedPerson.name' }),
    relationship: text('Relationship to the patient.', { fhir: 'RelatedPerson.relationship' }),
    rank: integer('Order of preference.', { fhir: 'RelatedPerson.extension:ContactRank' }),
    telecom: list(ContactPoint, 'Ways to reach them.', { fhir: 'RelatedPerson.telecom' }),
    addresses: list(Address, 'Addresses.', { fhir: 'RelatedPerson.address' }),
    nextOfKin: flag('Next of kin.'),
    parentalResponsibility: flag('Holds parental responsibility.'),
    legalGuardian: flag('Is the legal guardian.'),
    doNotContact: flag('Must not be contacted.'),
  },
);
