import { shapeOf } from '../../cli/shape.ts';

describe('the shape of a message', () => {
  it('names segments and the fields that hold something, and nothing they hold', () => {
    const shape = shapeOf(
      Buffer.from('MSH|^~\\&|NOMIS||LAB||20260302||ADT^A01|1|P|2.4\rPID|1||9990000069^^^NHS^NH||EXAMPLE^ANN|||F\rSMITH came too\r'),
    );
    expect(shape).toEqual([
      { name: 'MSH', bytes: 46, fields: [1, 2, 3, 5, 7, 9, 10, 11, 12] },
      { name: 'PID', bytes: 43, fields: [1, 3, 5, 8] },
      { name: '???', bytes: 14, fields: [] },
    ]);
    expect(JSON.stringify(shape)).not.toMatch(/EXAMPLE|9990000069|SMITH/);
  });

  it('is unknown for bytes that are no HL7', () => {
    expect(shapeOf(Buffer.from('hello'))).toBeNull();
  });
});
