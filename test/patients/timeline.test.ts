import fc from 'fast-check';
import {
  type CustodyEvent,
  checkEvent,
  custodyEventOf,
  custodyState,
  custodyTimeline,
  episodeFields,
  sameEstablishment,
} from '../../patients/timeline.ts';
import type { CustodyEventType } from '../../records/mapped.ts';
import { at, event, LEEDS, MOORLAND, record } from './made.ts';

const BRIXTON = { agencyCode: 'BXI', odsCode: 'Y05518' };
const movements = (events: readonly CustodyEvent[]): (string | undefined)[] => {
  const { effects } = custodyTimeline(events);
  return events.map((one) => effects.get(one.id)?.movement);
};

describe('custody timeline', () => {
  it('follows reception, court, transfer and release', () => {
    const events = [
      event('reception', '2 09:00', { to: LEEDS, legalStatus: 'REMAND', cell: 'A-1-1' }),
      event('courtOut', '3 08:00'),
      event('courtReturn', '3 17:00'),
      event('transfer', '5 10:00', { from: LEEDS, to: MOORLAND, cell: 'B-2-2' }),
      event('detail', '6 10:00', { legalStatus: 'SENTENCED', expectedReleaseDate: '2026-03-09' }),
      event('release', '9 09:00', { from: MOORLAND, releasedTo: 'community' }),
    ];
    expect(movements(events)).toEqual(['reception', 'courtOut', 'courtReturn', 'transfer', 'detail', 'release']);
    const timeline = custodyTimeline(events);
    expect(timeline).toMatchObject({
      location: 'out',
      custodian: null,
      previousCustodian: MOORLAND,
      booking: 'B1',
      receptionAt: at('2 09:00'),
      releasedAt: at('9 09:00'),
    });
    expect(timeline.episodes).toHaveLength(1);
    expect(timeline.episode?.stays).toEqual([
      { establishment: LEEDS, from: at('2 09:00'), until: at('5 10:00') },
      { establishment: MOORLAND, from: at('5 10:00'), until: at('9 09:00') },
    ]);
    expect(timeline.episode && episodeFields(timeline.episode)).toEqual({
      booking: 'B1',
      establishment: MOORLAND,
      inOutStatus: 'OUT',
      receptionAt: at('2 09:00'),
      releasedAt: at('9 09:00'),
      releasedTo: 'community',
      legalStatus: 'SENTENCED',
      expectedReleaseDate: '2026-03-09',
      cell: 'B-2-2',
      lastEvent: 'release',
      lastEventAt: at('9 09:00'),
    });
  });

  it('says where the person was at an earlier time', () => {
    const events = [
      event('reception', '2 09:00', { to: LEEDS }),
      event('transfer', '5 10:00', { to: MOORLAND }),
      event('release', '9 09:00'),
    ];
    expect(custodyState(events, at('3 00:00'))).toMatchObject({ location: 'in', custodian: LEEDS });
    expect(custodyState(events, at('5 10:00'))).toMatchObject({ location: 'in', custodian: MOORLAND, previousCustodian: LEEDS });
    expect(custodyState(events, at('1 00:00'))).toMatchObject({ location: 'never', custodian: null });
  });

  it('opens a new stay at a recall within the hour (domain trap 12)', () => {
    const events = [
      event('reception', '2 09:00', { to: LEEDS }),
      event('release', '9 09:00'),
      event('reception', '9 09:50', { to: LEEDS, booking: 'B2', legalStatus: 'RECALL' }),
    ];
    expect(custodyTimeline(events)).toMatchObject({ location: 'in', custodian: LEEDS, booking: 'B2', releasedAt: null });
    expect(custodyTimeline(events).episodes).toHaveLength(2);
  });
});

describe('court, hospital and temporary absence (domain trap 10)', () => {
  const held = event('reception', '2 09:00', { to: LEEDS });

  it('★ D: court-out keeps the custodian, and neither way is a release or transfer', () => {
    const out = event('courtOut', '3 08:00', { from: LEEDS });
    expect(custodyState([held, out])).toMatchObject({ location: 'court', custodian: LEEDS });
    const back = event('courtReturn', '3 17:00', { to: LEEDS });
    expect(movements([held, out, back])).toEqual(['reception', 'courtOut', 'courtReturn']);
    expect(custodyState([held, out, back])).toMatchObject({ location: 'in', custodian: LEEDS });
  });

  it('takes a release with a court or temporary-absence reason for an out-and-return', () => {
    for (const reason of ['CRT', 'TAP', 'TEMPORARY_ABSENCE_RELEASE']) {
      const out = event('release', '3 08:00', { from: LEEDS, reason });
      expect(movements([held, out])).toEqual(['reception', 'courtOut']);
      expect(custodyState([held, out])).toMatchObject({ location: 'court', custodian: LEEDS, releasedAt: null });
    }
  });

  it('is a transfer when the return is to another establishment (TRNCRT)', () => {
    const events = [held, event('courtOut', '3 08:00'), event('courtReturn', '3 18:00', { to: MOORLAND, reason: 'TRNCRT' })];
    expect(movements(events)).toEqual(['reception', 'courtOut', 'transfer']);
    expect(custodyState(events)).toMatchObject({ location: 'in', custodian: MOORLAND, previousCustodian: LEEDS });
  });

  it('is a release when it is direct from court', () => {
    const events = [held, event('courtOut', '3 08:00'), event('release', '3 15:00')];
    expect(custodyState(events)).toMatchObject({ location: 'out', previousCustodian: LEEDS });
  });
});

describe('transfer told by two systems', () => {
  const held = event('reception', '2 09:00', { to: LEEDS });
  const arrived = event('reception', '5 12:00', { to: MOORLAND, system: 'pas', booking: 'P9' });

  it('does not take the release from the former establishment for one, whichever clock is behind', () => {
    const left = event('release', '5 12:20', { from: LEEDS });
    expect(movements([held, arrived, left])).toEqual(['reception', 'transfer', 'none']);
    expect(custodyState([held, arrived, left])).toMatchObject({ location: 'in', custodian: MOORLAND });
  });

  it('keeps the former custodian while the person is on the way', () => {
    const left = event('release', '5 09:00', { from: LEEDS, reason: 'TRN' });
    expect(custodyState([held, left])).toMatchObject({ location: 'in', custodian: LEEDS, inTransit: true });
    expect(custodyTimeline([held, left]).episode?.inOutStatus).toBe('TRN');
    expect(custodyState([held, left, arrived])).toMatchObject({ location: 'in', custodian: MOORLAND, inTransit: false });
  });
});

describe('movements that do not fit are an explicit state', () => {
  it.each<[string, CustodyEvent[], string]>([
    ['release with no reception', [event('release', '3 09:00', { from: LEEDS })], 'release-without-reception'],
    [
      'transfer after release',
      [event('reception', '2 09:00', { to: LEEDS }), event('release', '3 09:00'), event('transfer', '4 09:00', { to: MOORLAND })],
      'moved-while-out',
    ],
    [
      'court-out from elsewhere',
      [event('reception', '2 09:00', { to: LEEDS }), event('courtOut', '3 09:00', { from: MOORLAND })],
      'court-out-from-elsewhere',
    ],
    [
      'release from a third establishment',
      [event('reception', '2 09:00', { to: LEEDS }), event('release', '3 09:00', { from: BRIXTON })],
      'release-from-elsewhere',
    ],
    ['reception to nowhere', [event('reception', '2 09:00')], 'no-establishment'],
  ])('%s', (_, events, because) => {
    expect(custodyState(events)).toMatchObject({ location: 'unknown', custodian: null, because });
    const last = events.at(-1);
    expect(last && checkEvent(events, last)).toEqual({ ok: false, why: 'does-not-fit', note: because });
  });

  it('is mended by the movement that was missing, and by any arrival', () => {
    const released = event('release', '4 09:00', { from: LEEDS });
    expect(custodyState([released])).toMatchObject({ location: 'unknown' });
    expect(custodyState([released, event('reception', '2 09:00', { to: LEEDS })])).toMatchObject({
      location: 'out',
      releasedAt: at('4 09:00'),
    });
    expect(custodyState([released, event('reception', '5 09:00', { to: MOORLAND })])).toMatchObject({
      location: 'in',
      custodian: MOORLAND,
      because: null,
    });
  });
});

describe('corrections', () => {
  const reception = event('reception', '2 09:00', { to: LEEDS });
  const release = event('release', '9 09:00');

  it('takes back the latest event of the type, or the one at the time stated', () => {
    const undo = event('undoRelease', null, { statedAt: at('9 11:00') });
    expect(custodyState([reception, release, undo])).toMatchObject({ location: 'in', custodian: LEEDS, releasedAt: null });
    const [first, second] = [event('transfer', '4 09:00', { to: MOORLAND }), event('transfer', '5 09:00', { to: BRIXTON })];
    const undoFirst = event('undoTransfer', null, { at: first.at, statedAt: at('6 00:00') });
    expect(custodyState([reception, first, second, undoFirst])).toMatchObject({ custodian: BRIXTON, previousCustodian: LEEDS });
    expect(custodyTimeline([reception, first, second, undoFirst]).undone).toEqual(new Map([[undoFirst.id, first.id]]));
  });

  it('counts an event stated again after its cancellation', () => {
    const undo = event('undoRelease', null, { statedAt: at('9 11:00') });
    const again = event('release', '9 15:00', { statedAt: at('9 15:01') });
    expect(custodyState([reception, release, undo, again])).toMatchObject({ location: 'out', releasedAt: at('9 15:00') });
  });

  it('waits for the original of a cancellation that came first', () => {
    const undo = event('undoReception', null, { statedAt: at('2 10:00') });
    expect(checkEvent([], undo)).toEqual({ ok: false, why: 'undo-of-nothing' });
    expect(custodyTimeline([undo]).pendingUndos).toEqual([undo.id]);
    expect(custodyState([undo, reception])).toMatchObject({ location: 'never' });
    expect(checkEvent([reception], undo)).toEqual({ ok: true });
  });

  it('goes by the booking', () => {
    const undo = event('undoRelease', null, { statedAt: at('9 11:00'), booking: 'B2' });
    expect(custodyState([reception, release, undo])).toMatchObject({ location: 'out' });
  });
});

describe('times that are only dates', () => {
  it('fall into the order that fits', () => {
    const day = '2026-03-02';
    const reception = event('reception', '2 14:00', { to: LEEDS });
    const release = event('release', null, { at: day, statedAt: `${day}T18:00:00.000Z` });
    expect(custodyState([release, reception])).toMatchObject({ location: 'out', previousCustodian: LEEDS });
    const both = [event('courtReturn', null, { at: '2026-03-05' }), event('courtOut', null, { at: '2026-03-05' })];
    expect(custodyState([...both, reception])).toMatchObject({ location: 'in', custodian: LEEDS });
  });
});

describe('establishments that share a practice code (domain §2.2)', () => {
  it('are told apart by agency code', () => {
    expect(sameEstablishment({ agencyCode: 'FMI', odsCode: 'Y06017' }, { agencyCode: 'FYI', odsCode: 'Y06017' })).toBe(false);
    expect(sameEstablishment({ agencyCode: 'FMI', odsCode: 'Y06017' }, { odsCode: 'Y06017' })).toBe(true);
  });
});

describe('order of arrival', () => {
  const TYPES: CustodyEventType[] = [
    'reception',
    'transfer',
    'courtOut',
    'courtReturn',
    'release',
    'detail',
    'undoReception',
    'undoTransfer',
    'undoRelease',
    'undoCourt',
  ];
  const anyEvent = fc
    .record({
      type: fc.constantFrom(...TYPES),
      hour: fc.integer({ min: 0, max: 30 }),
      place: fc.constantFrom(undefined, LEEDS, MOORLAND, BRIXTON),
      from: fc.constantFrom(undefined, LEEDS, MOORLAND),
      booking: fc.constantFrom('B1', 'B2'),
      system: fc.constantFrom('nomis', 'pas'),
      dateOnly: fc.boolean(),
      stated: fc.boolean(),
      cell: fc.constantFrom(undefined, 'A1', 'B2'),
    })
    .map(({ type, hour, place, from, booking, system, dateOnly, stated, cell }): Omit<CustodyEvent, 'id'> => {
      const time = new Date(Date.UTC(2026, 2, 2 + Math.floor(hour / 10), hour % 10)).toISOString();
      return {
        event: type,
        booking,
        system,
        at: stated || !type.startsWith('undo') ? (dateOnly ? time.slice(0, 10) : time) : null,
        statedAt: time,
        ...(place === undefined ? {} : { to: place }),
        ...(from === undefined ? {} : { from }),
        ...(cell === undefined ? {} : { cell }),
      };
    });
  const story = fc
    .array(anyEvent, { maxLength: 14 })
    .map((events) => events.map((one, index) => ({ ...one, id: `x${String(index).padStart(3, '0')}` })));
  const orders = story.chain((events) => fc.tuple(fc.constant(events), fc.shuffledSubarray(events, { minLength: events.length })));

  it('never changes the timeline: same effective times, same answer', () => {
    fc.assert(
      fc.property(orders, ([told, arrived]) => {
        const left = custodyTimeline(told);
        const right = custodyTimeline(arrived);
        expect({ ...right, effects: [...right.effects].sort() }).toEqual({ ...left, effects: [...left.effects].sort() });
      }),
      { numRuns: 1000 },
    );
  });

  it('always ends in a state that holds together', () => {
    fc.assert(
      fc.property(story, (events) => {
        const timeline = custodyTimeline(events);
        expect(timeline.custodian !== null).toBe(timeline.location === 'in' || timeline.location === 'court');
        expect(timeline.because !== null).toBe(timeline.location === 'unknown');
        expect(timeline.episodes.slice(0, -1).every((episode) => !episode.open)).toBe(true);
        for (const episode of timeline.episodes) expect(episode.stays.slice(0, -1).every((stay) => stay.until !== null)).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  it('is worked out for hundreds of events at once', () => {
    const events = Array.from({ length: 300 }, (_, index) =>
      event(
        index % 2 === 0 ? 'courtOut' : 'courtReturn',
        `${2 + Math.floor(index / 60)} ${String(Math.floor((index % 60) / 6) + 10)}:${String((index % 6) * 10).padStart(2, '0')}`,
      ),
    );
    expect(custodyTimeline([...events, event('reception', '1 09:00', { to: LEEDS })])).toMatchObject({ location: 'in', custodian: LEEDS });
  });
});

describe('custody records', () => {
  it('become events; withdrawn ones and those that name no event do not', () => {
    const fields = { event: 'reception', booking: 'B1', at: at('09:00'), to: LEEDS };
    expect(custodyEventOf(record('custody', fields))).toMatchObject({
      event: 'reception',
      booking: 'B1',
      system: 'nomis',
      to: LEEDS,
      statedAt: at('10:00'),
    });
    expect(custodyEventOf(record('custody', fields, { state: 'error' }))).toBeUndefined();
    expect(custodyEventOf(record('custody', { ...fields, event: 'party' }))).toBeUndefined();
  });
});
