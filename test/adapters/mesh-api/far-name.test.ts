import { readFarName, writeBegun } from '../../../adapters/mesh-api/far-name.ts';

describe('what is noted of a message the service has begun to take', () => {
  it.each([
    ['20200529155357895317_3573F8', 5, true],
    ['AB12', 10_000, false],
    ['an id with blanks 7', 2, false],
  ])('reads what it wrote: %s in %d', (id, count, gzip) => {
    expect(readFarName(writeBegun(id, count, gzip))).toEqual({ id, begun: { count, gzip } });
  });

  it('takes an id alone for a message that is whole', () => {
    expect(readFarName('20200529155357895317_3573F8')).toEqual({ id: '20200529155357895317_3573F8', begun: null });
  });
});
