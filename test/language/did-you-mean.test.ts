import { didYouMean, suggest } from '../../language/did-you-mean.ts';

describe('did you mean', () => {
  it.each([
    ['digts', 'digits'],
    ['tabel', 'table'],
    ['PDI', 'PID'],
    ['Required', 'required'],
    ['requird', 'required'],
  ])('%s means %s', (word, meant) => {
    expect(suggest(word, ['upper', 'table', 'digits', 'PID', 'required'])).toBe(meant);
  });
  it('says nothing where no candidate is near', () => {
    expect(suggest('zzzzzz', ['upper', 'table'])).toBeUndefined();
    expect(didYouMean('ab', ['xy'])).toEqual({});
  });
  it('gives the hint as a sentence', () => {
    expect(didYouMean('tabel', ['table'])).toEqual({ hint: 'did you mean "table"?' });
  });
});
