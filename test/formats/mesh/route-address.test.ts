import fc from 'fast-check';
import {
  BIRTH_DATE_FORMATS,
  isRouteAddress,
  readAddressDate,
  readRouteAddress,
  surnameInAddress,
  writeRouteAddress,
} from '../../../formats/mesh/route-address.ts';

const patient = { nhsNumber: '9990000018', birthDate: '1955-01-09', surname: 'Ó Brien-Smith' };

describe('the address of a patient', () => {
  it('is written by the profile of its workflow', () => {
    expect(writeRouteAddress(patient, { birthDate: 'YYYYMMDD', surname: 'letters' })).toBe('GPPROVIDER_9990000018_19550109_OBRIENSMITH');
    expect(writeRouteAddress(patient, { birthDate: 'DDMMYYYY', surname: 'as-written' })).toBe(
      'GPPROVIDER_9990000018_09011955_Ó Brien-Smith',
    );
  });

  it.each([
    ['NHS number', { nhsNumber: '' }],
    ['NHS number with blanks', { nhsNumber: '999 000 0018' }],
    ['birth date', { birthDate: '1955' }],
    ['surname of letters', { surname: '-' }],
  ])('is not written without a %s', (_name, change) => {
    expect(writeRouteAddress({ ...patient, ...change }, { birthDate: 'YYYYMMDD', surname: 'letters' })).toBeUndefined();
  });

  it('is read back as it was written, whatever the surname', () => {
    const days = fc.date({ min: new Date('1900-01-01T00:00:00Z'), max: new Date('2099-12-31T00:00:00Z'), noInvalidDate: true });
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), days, fc.constantFrom(...BIRTH_DATE_FORMATS), (surname, day, format) => {
        const birthDate = day.toISOString().slice(0, 10);
        const text = writeRouteAddress({ ...patient, birthDate, surname }, { birthDate: format, surname: 'as-written' });
        const read = readRouteAddress(text ?? '');
        expect(read).toMatchObject({ nhsNumber: patient.nhsNumber, surname });
        expect(readAddressDate(read?.birthDate ?? '', format)).toBe(birthDate);
      }),
    );
  });

  it('has its prefix in capitals, and may be broken behind it', () => {
    expect(['GPPROVIDER_1', 'gpprovider_9990000018_19550109_A', 'X26HC005'].map(isRouteAddress)).toEqual([true, false, false]);
    expect(readRouteAddress('GPPROVIDER_1')).toEqual({ nhsNumber: '1', birthDate: '', surname: '' });
    expect(readRouteAddress('X26HC005')).toBeUndefined();
  });

  it.each([
    ['19550109', 'YYYYMMDD', '1955-01-09'],
    ['09011955', 'DDMMYYYY', '1955-01-09'],
    ['09011955', 'YYYYMMDD', undefined],
    ['19550230', 'YYYYMMDD', undefined],
    ['1955-01-09', 'YYYYMMDD', undefined],
    ['', 'DDMMYYYY', undefined],
  ] as const)('reads the date %j as %s', (text, format, day) => {
    expect(readAddressDate(text, format)).toBe(day);
  });

  it('keeps letters alone of a surname, or all of it', () => {
    expect(surnameInAddress("d'Éon de la Cruz", 'letters')).toBe('DEONDELACRUZ');
    expect(surnameInAddress("d'Éon", 'as-written')).toBe("d'Éon");
  });
});
