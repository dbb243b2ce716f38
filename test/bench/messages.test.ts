import { message, PATIENTS } from '../../bench/messages.ts';

describe('messages of the bench', () => {
  const all = Array.from({ length: PATIENTS }, (_, patient) =>
    message({ event: 'A08', patient, controlId: `1-2-${patient}`, step: patient }),
  );

  it('are of the size the goals are stated for', () => {
    for (const text of all) expect(Buffer.byteLength(text)).toBeGreaterThan(850);
    for (const text of all) expect(Buffer.byteLength(text)).toBeLessThan(1_050);
  });

  it('are about 500 people whose NHS numbers are valid and never issued', () => {
    const numbers = all.map((text) => /~(\d{10})\^\^\^NHS/.exec(text)?.[1] ?? '');
    expect(new Set(numbers).size).toBe(500);
    for (const number of numbers) {
      const sum = [...number].slice(0, 9).reduce((total, digit, at) => total + Number(digit) * (10 - at), 0);
      expect(number).toMatch(/^999\d{7}$/);
      expect((11 - (sum % 11)) % 11).toBe(Number(number[9]));
    }
  });
});
