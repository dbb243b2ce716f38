import { kind } from './kind.ts';
import { Address, ContactPoint, date, dateTime, flag, HumanName, KnownEmpty, LocalId, list, of, text, word } from './types.ts';

const id = (description: string, fhir: string) => text(description, { fhir: `Patient.identifier:${fhir}`, readOnly: true });

/** One per person. The identifiers come from the patient index (`identify`), never from a `patient` block. */
export const patient = kind(
  { describes: 'A person and their demographics.', fhir: 'Patient', heading: 'person-demographics', scope: 'patient', byRule: false },
  {
    nhsNumber: id('NHS number, ten digits.', 'nhsNumber.value'),
    nhsNumberStatus: id('NHS Data Dictionary status 01–08.', 'nhsNumber.extension:NHSNumberVerificationStatus'),
    nhsNumberStatusSource: id('Who stated the status.', 'nhsNumber.assigner'),
    nhsNumberUnavailableReason: id('Why there is no NHS number.', 'nhsNumber.extension:NHSNumberUnavailableReason'),
    prisonNumber: id('Prison (NOMIS) number.', 'prisonNumber.value'),
    pncNumber: id('Police National Computer number, YYYY/NNNNNNNL.', 'pncNumber.value'),
    croNumber: id('Criminal Records Office number.', 'croNumber.value'),
    homeOfficeReference: id('Home Office reference.', 'homeOfficeReference.value'),
    localIds: list(LocalId, 'Numbers other systems know the person by.', { fhir: 'Patient.identifier', readOnly: true }),
    name: of(HumanName, 'Current name.', { fhir: 'Patient.name' }),
    aliases: list(HumanName, 'Other names.', { fhir: 'Patient.name' }),
    birthDate: date('Date of birth.', { fhir: 'Patient.birthDate' }),
    gender: word(['male', 'female', 'other', 'unknown'], 'Administrative gender.', { fhir: 'Patient.gender' }),
    birthSex: text('Sex at birth.', { fhir: 'Patient.extension:BirthSex' }),
    genderIdentity: text('Gender identity.'),
    ethnicCategory: text('Ethnic category code.', { fhir: 'Patient.extension:EthnicCategory' }),
    nationality: text('Nationality.'),
    religion: text('Religion.', { fhir: 'Patient.extension:ReligiousAffiliation' }),
    maritalStatus: text('Marital status.', { fhir: 'Patient.maritalStatus' }),
    addresses: list(Address, 'Addresses.', { fhir: 'Patient.address' }),
    telecom: list(ContactPoint, 'Ways to reach the person.', { fhir: 'Patient.telecom' }),
    language: text('Preferred language.', { fhir: 'Patient.communication' }),
    interpreterRequired: flag('An interpreter is needed.', { fhir: 'Patient.extension:NHSCommunication' }),
    deceased: flag('The person has died.', { fhir: 'Patient.deceasedBoolean' }),
    deceasedAt: dateTime('When the person died.', { fhir: 'Patient.deceasedDateTime' }),
    knownEmpty: list(KnownEmpty, 'Lists a system says are empty, such as no known allergies.', { readOnly: true }),
    restricted: flag('Location and identity are withheld (PDS S-flag): nothing is sent automatically.', { fhir: 'Patient.meta.security' }),
  },
);
