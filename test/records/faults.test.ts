import { FAULTS, fault, isFaultCode, ThroughcareError } from '../../records/faults.ts';

describe('fault catalogue', () => {
  it('tells, for every code, what happened and what is safe to do', () => {
    for (const [code, entry] of Object.entries(FAULTS)) {
      expect({ code, sound: entry.means.endsWith('.') && entry.next.endsWith('.') }).toEqual({ code, sound: true });
    }
  });

  it('carries the code in the error, so that logs and holds agree', () => {
    expect(new ThroughcareError('not-hl7').code).toBe('not-hl7');
    expect(fault('not-hl7').answer).toEqual({ ack: 'AR', err: 100, location: 'MSH^1' });
    expect(isFaultCode('never-heard-of')).toBe(false);
  });
});
