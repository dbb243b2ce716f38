import { Kind } from '@sinclair/typebox';
import Ajv from 'ajv';
import { CUSTODY_EVENTS } from '../../../records/kinds/custody.ts';
import { KIND_FACTS, KIND_NAMES, KINDS, type KindName, keyScope } from '../../../records/kinds/index.ts';

/** Fields as the model's reference lists them. */
const FIELDS: Readonly<Record<KindName, string>> = {
  patient:
    'nhsNumber nhsNumberStatus nhsNumberStatusSource nhsNumberUnavailableReason prisonNumber pncNumber croNumber homeOfficeReference localIds name aliases birthDate gender birthSex genderIdentity ethnicCategory nationality religion maritalStatus addresses telecom language interpreterRequired deceased deceasedAt knownEmpty restricted',
  custody: 'event booking at from to reason cell legalStatus expectedReleaseDate confirmedReleaseDate releasedTo',
  episode:
    'booking establishment cell inOutStatus receptionAt receivedFrom releasedAt releasedTo legalStatus expectedReleaseDate confirmedReleaseDate lastEvent lastEventAt',
  gpRegistration: 'practiceOds practiceName gpCode gpName registrationType status startedAt endedAt reason previousPracticeOds',
  report: 'code category status effectiveAt issuedAt performer requester specimen conclusion notes',
  result: 'code category subId value absentReason referenceRange interpretation status effectiveAt method performer notes',
  document: 'type category title author custodian createdAt status replaces addendumTo content text securityLabel',
  allergy:
    'code category type clinicalStatus verification criticality severity reactions onset recordedAt recorder endedAt endReason notes',
  medication:
    'code form route status category doseText doseLow doseHigh frequency ingredients started ended lastIssuedAt lastDoseAt quantity supplyDays supervised prescriber indication changeReason notes',
  problem: 'code clinicalStatus verification significance onset endedAt recordedAt recorder notes',
  immunisation:
    'code procedureCode status statusReason occurredAt site route dose doseNumber lotNumber expiryDate manufacturer performer location recordedAt',
  alert: 'category code level status text raisedAt closedAt raisedBy mitigation audience',
  encounter: 'type class status start end practitioner location reason outcome sections',
  appointment:
    'service specialty status start end location practitioner priority escortRequired outcome cancellationReason cancellationText',
  referral: 'service specialty priority status reason requestedAt receivedAt requester recipient notes',
  contact: 'name relationship rank telecom addresses nextOfKin parentalResponsibility legalGuardian doNotContact',
};

const ajv = new Ajv({ strict: false });
const valid = (kind: KindName, fields: unknown): boolean => ajv.validate(KINDS[kind], fields);

describe('canonical kinds', () => {
  it.each(KIND_NAMES)('%s has the fields of the model, each described and typed for the mapping checker', (name) => {
    expect(Object.keys(KINDS[name].properties).sort()).toEqual(FIELDS[name].split(' ').sort());
    for (const [field, schema] of Object.entries(KINDS[name].properties)) {
      expect({ field, described: /[.…]$/.test(String(schema.description)), typed: typeof schema['x-type'] }).toEqual({
        field,
        described: true,
        typed: 'string',
      });
    }
    expect(KINDS[name][Kind]).toBe('Object');
  });

  it('takes a sparse record and refuses a field the model does not know', () => {
    expect(valid('allergy', {})).toBe(true);
    expect(
      valid('allergy', { code: { code: '91936005', system: 'http://snomed.info/sct', originalText: 'Penicillin' }, recordedAt: '2025-03' }),
    ).toBe(true);
    expect(valid('allergy', { severty: 'mild' })).toBe(false);
    expect(valid('patient', { gender: 'M' })).toBe(false);
  });

  it('keeps the decimals of a quantity as written, and a value names its own form', () => {
    expect(valid('result', { value: { type: 'quantity', value: '2.50', unit: 'mmol/L' } })).toBe(true);
    expect(valid('result', { value: { type: 'quantity', value: 'about 2' } })).toBe(false);
    expect(valid('result', { value: { type: 'coding', codings: [{ code: 'POS' }] } })).toBe(true);
    expect(valid('result', { value: { value: '2.5' } })).toBe(false);
    expect(valid('result', { value: { type: 'text', text: 'seen', unit: 'mmol/L' } })).toBe(false);
  });

  it('says how far keys reach and what may be routed', () => {
    expect(keyScope('allergy', false)).toBe('patient');
    expect(keyScope('gpRegistration', false)).toBe('patient');
    expect(keyScope('report', false)).toBe('system');
    expect(keyScope('document', false)).toBe('system');
    expect(keyScope('document', true)).toBe('parent');
    expect(KIND_NAMES.filter((name) => !KIND_FACTS[name].routable)).toEqual(['episode']);
    expect(KIND_FACTS.report.children).toEqual({ results: 'result', documents: 'document' });
  });

  it('knows the ten custody events of the mapping language', () => {
    expect(CUSTODY_EVENTS).toHaveLength(10);
    for (const event of CUSTODY_EVENTS) expect(valid('custody', { event, booking: 'B1', at: '2026-03-02T14:05:00.000Z' })).toBe(true);
    expect(valid('custody', { event: 'discharge' })).toBe(false);
  });
});
