import { ackMode, replyAfterProcessing, replyAtReceipt } from '../../../formats/hl7v2/reply-due.ts';

const at = (accept: string, application: string) =>
  (['good', 'error', 'reject'] as const).map((outcome) => replyAtReceipt(accept, application, outcome) ?? '-').join(' ');
const later = (accept: string, application: string) =>
  (['good', 'error', 'reject'] as const).map((outcome) => replyAfterProcessing(accept, application, outcome) ?? '-').join(' ');

describe('answers due', () => {
  it('in original mode: one application answer, at once', () => {
    expect(ackMode('', '')).toBe('original');
    expect(ackMode('""', ' ')).toBe('original');
    expect(at('', '')).toBe('AA AE AR');
    expect(later('', '')).toBe('- - -');
  });

  it.each([
    ['AL', 'CA CE CR'],
    ['SU', 'CA - -'],
    ['ER', '- CE CR'],
    ['NE', '- - -'],
    ['', '- - -'],
    ['al', 'CA CE CR'],
    ['yes', 'CA CE CR'],
  ])('at receipt with MSH-15 %j and MSH-16 valued', (accept, expected) => {
    expect(ackMode(accept, 'NE')).toBe('enhanced');
    expect(at(accept, 'NE')).toBe(expected);
  });

  it.each([
    ['AL', 'AA AE AR'],
    ['SU', 'AA - -'],
    ['ER', '- AE AR'],
    ['NE', '- - -'],
    ['', '- - -'],
  ])('after processing with MSH-16 %j and MSH-15 valued', (application, expected) => {
    expect(later('NE', application)).toBe(expected);
  });

  it('may be fixed by the source’s configuration', () => {
    expect(replyAtReceipt('AL', 'AL', 'good', 'original')).toBe('AA');
    expect(replyAfterProcessing('AL', 'AL', 'good', 'original')).toBeUndefined();
  });
});
