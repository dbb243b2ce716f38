import { decideMerge, decideUnmerge, followersOf, type RetiredSide } from '../../patients/merge.ts';
import { custodyTimeline } from '../../patients/timeline.ts';
import { candidate, event, LEEDS, nhs, person, prison } from './made.ts';

const survivor = candidate(1, [prison('A1234BC'), nhs('9990000018', '01')], { birthDate: '1984-03-07' });
const twin = candidate(2, [prison('B2222BB')], { birthDate: '1984-03-07' });
const retired = (more: Partial<RetiredSide> = {}): RetiredSide => ({
  identifiers: [prison('B2222BB')],
  candidates: [twin],
  ifUnknown: 'hold',
  ...more,
});

describe('merge (A40)', () => {
  it('reads the retired person as part of the survivor', () => {
    expect(decideMerge(survivor, retired())).toMatchObject({ outcome: 'merge', from: 2, into: 1, learns: [] });
  });

  it('does nothing the second time', () => {
    const merged = candidate(1, [prison('A1234BC'), prison('B2222BB')]);
    expect(decideMerge(merged, retired({ candidates: [merged] }))).toMatchObject({ outcome: 'none', reasons: [{ code: 'already-one' }] });
  });

  it('remembers a retired number never seen, notes it, or holds, as the mapping says', () => {
    const unseen = { candidates: [] };
    expect(decideMerge(survivor, retired({ ...unseen, ifUnknown: 'remember' }))).toMatchObject({
      outcome: 'remember',
      into: 1,
      learns: [{ value: 'B2222BB' }],
    });
    expect(decideMerge(survivor, retired({ ...unseen, ifUnknown: 'note' }))).toMatchObject({ outcome: 'none' });
    expect(decideMerge(survivor, retired(unseen))).toMatchObject({ outcome: 'hold', reason: 'no-identifier' });
  });

  it('holds two different NHS numbers, two birth dates, and retired identifiers of two persons (hazard H5)', () => {
    const other = candidate(2, [prison('B2222BB'), nhs('9990000026')], { birthDate: '1984-03-07' });
    expect(decideMerge(survivor, retired({ candidates: [other] }))).toMatchObject({ outcome: 'hold', reason: 'identity-contradiction' });
    expect(decideMerge(survivor, retired({ candidates: [{ ...twin, birthDate: '1990-01-01' }] }))).toMatchObject({
      outcome: 'hold',
      reason: 'identity-contradiction',
    });
    expect(decideMerge(survivor, retired({ candidates: [twin, candidate(3, [])] }))).toMatchObject({
      outcome: 'hold',
      reason: 'identity-contradiction',
    });
    expect(decideMerge(survivor, retired({ candidates: [{ ...twin, birthDate: '1990-01-01' }] }), true)).toMatchObject({
      outcome: 'merge',
    });
  });

  it('never merges a restricted person, not even for an operator (hazard H9)', () => {
    expect(decideMerge({ ...survivor, restricted: true }, retired(), true)).toMatchObject({ outcome: 'hold', reason: 'restricted' });
    expect(decideMerge(survivor, retired({ candidates: [{ ...twin, restricted: true }] }), true)).toMatchObject({
      outcome: 'hold',
      reason: 'restricted',
    });
  });
});

describe('unmerge (A37)', () => {
  it('takes back the step the retired person took, also within a chain (domain trap 11)', () => {
    const merges = [
      { from: person(3), into: person(2) },
      { from: person(2), into: person(1) },
    ];
    expect(decideUnmerge(person(1), [person(3)], merges, 'hold')).toMatchObject({ outcome: 'unmerge', from: 3, into: 2 });
    expect(decideUnmerge(person(1), [person(2)], merges, 'hold')).toMatchObject({ outcome: 'unmerge', from: 2, into: 1 });
  });

  it('does nothing where nothing was merged, and asks a person about a number that never had a person of its own', () => {
    expect(decideUnmerge(person(1), [person(4)], [], 'hold')).toMatchObject({ outcome: 'none' });
    expect(decideUnmerge(person(1), [person(1)], [], 'hold')).toMatchObject({ outcome: 'hold' });
    expect(decideUnmerge(person(1), [], [], 'note')).toMatchObject({ outcome: 'none' });
    expect(decideUnmerge(person(1), [], [], 'hold')).toMatchObject({ outcome: 'hold', reason: 'no-identifier' });
  });

  it('takes along whoever was merged into the one that goes, and nobody else', () => {
    const merges = [
      { from: person(4), into: person(3) },
      { from: person(3), into: person(2) },
      { from: person(2), into: person(1) },
      { from: person(5), into: person(1) },
    ];
    expect(followersOf(person(2), merges)).toEqual([3, 4]);
    expect(followersOf(person(5), merges)).toEqual([]);
  });
});

describe('a merge that arrived as an admission (domain trap 11)', () => {
  it('is no second reception once the two are read as one', () => {
    const events = [
      event('reception', '09:00', { to: LEEDS, booking: 'OLD' }),
      event('reception', '10:00', { to: LEEDS, booking: 'NEW', reason: 'POST_MERGE_ADMISSION' }),
    ];
    const timeline = custodyTimeline(events);
    expect(timeline.episodes).toHaveLength(1);
    expect(timeline.effects.get(events[1]?.id ?? '')).toEqual({ movement: 'none', note: 'already-there' });
    expect(timeline).toMatchObject({ location: 'in', booking: 'NEW', receptionAt: events[0]?.at });
  });
});
