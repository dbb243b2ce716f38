import {
  dataType,
  fieldCount,
  fieldType,
  segmentEntry,
  segmentField,
  segmentNames,
  typeComponent,
} from '../../../formats/hl7v2/dictionary.ts';

describe('dictionary', () => {
  it('counts fields by version', () => {
    const counts = (segment: string) => ['2.3.1', '2.4', '2.5', '2.5.1'].map((version) => fieldCount(segment, version));
    expect(counts('MSH')).toEqual([20, 21, 21, 21]);
    expect(counts('PID')).toEqual([30, 38, 39, 39]);
    expect(counts('PV1')).toEqual([52, 52, 52, 52]);
    expect(counts('OBX')).toEqual([17, 19, 19, 25]);
    expect(counts('OBR')).toEqual([45, 47, 49, 50]);
    expect(counts('IN1')).toEqual([49, 49, 53, 53]);
    expect(fieldCount('ZZZ')).toBeUndefined();
  });

  it('types fields', () => {
    expect(segmentField('PID', 3)).toEqual({ name: 'Patient identifier list', type: 'CX', repeats: true, since: '2.3.1' });
    expect([fieldType('NTE', 3), fieldType('OBX', 5), fieldType('TXA', 12), fieldType('PD1', 4), fieldType('PID', 99)]).toEqual([
      'FT',
      '*',
      'EI',
      'XCN',
      undefined,
    ]);
  });

  it('types components', () => {
    expect(typeComponent('CX', 4)).toEqual({ name: 'Assigning authority', type: 'HD' });
    expect(typeComponent('ED', 5)).toEqual({ name: 'Data', type: 'TX' });
    expect(
      ['CX', 'XPN', 'XAD', 'XCN', 'XTN', 'CE', 'CWE', 'HD', 'EI', 'PL', 'ED', 'RP', 'TQ', 'SN', 'TS'].map(
        (type) => dataType(type)?.components.length,
      ),
    ).toEqual([10, 14, 14, 23, 12, 6, 9, 3, 4, 11, 5, 4, 12, 4, 2]);
    expect(dataType('ST')?.components).toEqual([]);
  });

  it('knows every type it uses', () => {
    for (const segment of segmentNames()) {
      for (const field of segmentEntry(segment)?.fields ?? []) {
        if (field.type === '*') continue;
        expect([segment, field.name, dataType(field.type)?.name]).toEqual([segment, field.name, field.type]);
        for (const component of dataType(field.type)?.components ?? [])
          expect([field.type, dataType(component.type)?.name]).toEqual([field.type, component.type]);
      }
    }
  });
});
