import { envelopeFor } from '../../../pipeline/process/envelope.ts';
import { brandAs, type OdsCode } from '../../../records/ids.ts';
import type { Json } from '../../../records/mapped.ts';
import type { CanonicalRecord } from '../../../records/record.ts';

const patient = (fields: Readonly<Record<string, Json>>) => () => ({ fields }) as unknown as CanonicalRecord; // nothing else of it is read
const ods = brandAs<OdsCode>('A81001');
const known = { nhsNumber: '9990000018', birthDate: '1980-02-29', name: { family: 'Smith', given: ['Jo'] } };
const never = (): CanonicalRecord => {
  throw new RangeError('the patient was looked at');
};

describe('what a destination is told beside the payload', () => {
  it('is nothing where it does not ask, and the patient is not looked at', () => {
    expect(envelopeFor({ organisation: false, patient: false }, ods, never)).toBeUndefined();
  });

  it('is the organisation the route chose, and nothing of the patient', () => {
    expect(envelopeFor({ organisation: true, patient: false }, ods, never)).toEqual({ recipientOds: 'A81001' });
  });

  it('is number, birth date and surname where it is routed by patient', () => {
    expect(envelopeFor({ organisation: false, patient: true }, ods, patient(known))).toEqual({
      patient: { nhsNumber: '9990000018', birthDate: '1980-02-29', familyName: 'Smith' },
    });
  });

  it.each([
    ['no NHS number', { ...known, nhsNumber: '' }],
    ['a birth date of which only the year is known', { ...known, birthDate: '1980' }],
    ['no surname', { ...known, name: { given: ['Jo'] } }],
    ['no name', { nhsNumber: known.nhsNumber, birthDate: known.birthDate }],
  ])('is not enough to send with %s', (_, fields) => {
    expect(envelopeFor({ organisation: false, patient: true }, ods, patient(fields))).toBeNull();
  });

  it('is not enough to send where the route named no organisation', () => {
    expect(envelopeFor({ organisation: true, patient: false }, undefined, never)).toBeNull();
  });
});
