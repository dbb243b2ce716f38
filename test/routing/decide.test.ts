import fc from 'fast-check';
import { custodyEventOf, custodyTimeline } from '../../patients/timeline.ts';
import { KIND_NAMES } from '../../records/kinds/index.ts';
import { LOCATIONS } from '../../records/whereabouts.ts';
import { decideRoutes } from '../../routing/decide.ts';
import type { RoutingFacts } from '../../routing/facts.ts';
import { ROLES } from '../../routing/roles.ts';
import { event, record } from '../patients/made.ts';
import {
  custodyEvent,
  directory,
  facts,
  HOUSE,
  LEEDS,
  MOORLAND,
  NOWHERE,
  ods,
  RELEASED,
  registered,
  routes,
  rule,
  whereabouts,
} from './made.ts';

const DIRECTORY = directory();
const RULES = routes(...HOUSE);
const decide = (more: Partial<RoutingFacts> = {}) => decideRoutes(RULES, facts(more), DIRECTORY);
const reasons = (more: Partial<RoutingFacts>) => decide(more).holds.map((hold) => hold.reason);
const codes = (more: Partial<RoutingFacts>) => decide(more).evidence.steps.map((step) => step.code);

describe('where a result goes', () => {
  it('to the establishment that holds the person', () => {
    expect(decide().deliveries).toMatchObject([
      { route: 'held-results', to: 'custodian', destination: 'leeds', recheck: true, priority: 3 },
    ]);
  });

  it('to the receiving establishment after a transfer', () => {
    expect(decide({ whereabouts: whereabouts({ custodian: MOORLAND, previousCustodian: LEEDS }) }).deliveries).toMatchObject([
      { destination: 'moorland' },
    ]);
  });

  it('★ D: court-out keeps the custodian', () => {
    expect(decide({ whereabouts: whereabouts({ location: 'court' }) }).deliveries).toMatchObject([{ destination: 'leeds' }]);
  });

  it('to the registered practice when it comes after release (hazard H4)', () => {
    const { deliveries } = decide({ whereabouts: RELEASED });
    expect(deliveries).toMatchObject([
      {
        route: 'late-results',
        destination: 'gp-hill',
        facts: { practiceOds: 'Y99001', practiceName: 'Hill Lane Surgery', senderOds: 'Y98001' },
      },
    ]);
    // The name of the establishment is shown by its label alone (hazard H10).
    expect(deliveries[0]?.facts.establishment).toBe('Leeds health centre');
  });

  it('★ D: is held as location-unknown where nobody holds the person or the movement is unknown', () => {
    expect(reasons({ whereabouts: NOWHERE })).toEqual(['location-unknown']);
    expect(reasons({ whereabouts: whereabouts({ location: 'unknown', custodian: null, because: 'moved-while-out' }) })).toEqual([
      'location-unknown',
    ]);
    const toCustodian = routes(rule('all', null, { to: 'custodian' }));
    expect(decideRoutes(toCustodian, facts({ whereabouts: RELEASED }), DIRECTORY).holds).toEqual([
      { reason: 'location-unknown', route: 'all', to: 'custodian' },
    ]);
  });

  it('is held as no-route where no rule takes it', () => {
    expect(reasons({ record: record('appointment', {}) })).toEqual(['no-route']);
    expect(reasons({ record: record('appointment', {}), whereabouts: NOWHERE })).toEqual(['no-route']);
  });

  it('goes by the first rule that applies, and names the one that filed it', () => {
    const allergy = decide({ record: record('allergy', {}) });
    expect(allergy).toMatchObject({ deliveries: [], holds: [], filed: { rule: 'kept', reason: 'part of the summary' } });
    expect(allergy.evidence).toMatchObject({ decidedBy: 'kept', asked: HOUSE.map((one) => one.name) });
  });

  it('takes the more urgent of the route’s and the record’s priority', () => {
    expect(decide({ priority: 'urgent' }).deliveries).toMatchObject([{ priority: 1 }]);
    const summary = record('document', { type: { code: 'release-summary' } });
    expect(decide({ record: summary, whereabouts: RELEASED }).deliveries).toMatchObject([
      { route: 'summary', destination: 'gp-hill-letters', priority: 2 },
    ]);
  });
});

describe('movements', () => {
  const reception = custodyEvent({ event: 'reception', booking: 'B1', to: LEEDS });

  it('go to the establishment that receives the person', () => {
    expect(decide({ record: reception, movement: 'reception' }).deliveries).toMatchObject([
      { to: 'receiving-establishment', destination: 'leeds' },
    ]);
  });

  it('are not sent where a later movement has taken the person away again', () => {
    expect(decide({ record: reception, movement: 'reception', whereabouts: whereabouts({ custodian: MOORLAND }) }).filed).toEqual({
      rule: 'movements',
      reason: 'movement-overtaken',
    });
  });

  it('a return from court makes none, a return to another establishment a transfer (domain trap 10)', () => {
    const stories = [
      { to: LEEDS, goes: [] as string[] },
      { to: MOORLAND, goes: ['moorland'] },
    ];
    for (const { to, goes } of stories) {
      const events = [event('reception', '2 09:00', { to: LEEDS }), event('courtOut', '3 09:00'), event('courtReturn', '3 18:00', { to })];
      const timeline = custodyTimeline(events);
      const last = events[2];
      const decision = decide({
        record: custodyEvent({ event: 'courtReturn', booking: 'B1', to }),
        movement: (last && timeline.effects.get(last.id)?.movement) ?? null,
        whereabouts: timeline,
      });
      expect(decision.deliveries.map((one) => one.destination)).toEqual(goes);
    }
  });
});

describe('the gate to a practice, in its order (domain trap 2, hazard H7)', () => {
  const late = (more: Partial<RoutingFacts>) => ({ whereabouts: RELEASED, ...more });
  const all = { restricted: true, deceased: true };

  it('gives distinct refusals, the first that holds', () => {
    const registration = registered(null, { deathNotified: true, ended: { why: 'removed', recordId: 'r9' } });
    expect(codes(late({ registration, vital: all }))).toContain('restricted');
    expect(codes(late({ registration, vital: { ...all, restricted: false } }))).toContain('deceased');
    expect(codes(late({ registration }))).toContain('death-notified');
    expect(codes(late({ registration: { ...registration, deathNotified: false } }))).toContain('registration-removed');
    expect(codes(late({ registration: registered(null, { ended: { why: 'ended', recordId: 'r9' } }) }))).toContain('registration-ended');
    expect(codes(late({ registration: registered(null) }))).toContain('not-registered');
    expect(reasons(late({ registration, vital: all }))).toEqual(['restricted']);
    expect(reasons(late({ registration }))).toEqual(['deceased']);
    expect(reasons(late({ registration: { ...registration, deathNotified: false } }))).toEqual(['no-registered-gp']);
  });

  it('holds a practice that is unknown, closed, not yet open, or has no endpoint', () => {
    expect(reasons(late({ registration: registered('Z99999') }))).toEqual(['practice-unknown']);
    expect(reasons(late({ registration: registered('Y99002') }))).toEqual(['practice-closed']);
    expect(reasons(late({ registration: registered('Y99004') }))).toEqual(['practice-closed']);
    expect(reasons(late({ registration: registered('Y99003') }))).toEqual(['no-endpoint']);
  });

  it('shows the successors of a closed practice and chooses none (domain trap 8)', () => {
    const { steps } = decide(late({ registration: registered('Y99002') })).evidence;
    expect(steps).toEqual(
      expect.arrayContaining([
        { code: 'successors-several' },
        { code: 'successor', about: 'Y99001' },
        { code: 'successor', about: 'Y99003' },
      ]),
    );
  });

  it('holds two registrations that contradict', () => {
    expect(reasons(late({ registration: registered('Y99001', { contradictory: ['r1', 'r2'] }) }))).toEqual(['no-registered-gp']);
  });
});

describe('★ H8: a restricted person', () => {
  it('is never sent automatically, whatever the route', () => {
    const vital = { restricted: true, deceased: false };
    for (const to of [...ROLES, 'archive'])
      expect(decideRoutes(routes(rule('any', null, { to })), facts({ vital, sender: ods('Y99001') }), DIRECTORY)).toMatchObject({
        deliveries: [],
        holds: [{ reason: 'restricted' }],
      });
  });
});

describe('loops (hazard H11)', () => {
  it('nothing goes back to who sent it', () => {
    expect(decide({ sender: ods('Y98001') })).toMatchObject({
      deliveries: [],
      filed: { rule: 'held-results', reason: 'recipient-sent-it' },
    });
    expect(decide({ whereabouts: RELEASED, sender: ods('Y99001') })).toMatchObject({
      deliveries: [],
      filed: { reason: 'recipient-sent-it' },
    });
  });

  it('a registration with the healthcare unit that holds the person needs no sending; after release somebody must find the practice', () => {
    const toGp = routes(rule('gp', null, { to: 'registered-gp' }));
    expect(decideRoutes(toGp, facts({ registration: registered('Y98001') }), DIRECTORY).filed).toEqual({
      rule: 'gp',
      reason: 'registered-with-custodian',
    });
    expect(decideRoutes(toGp, facts({ registration: registered('Y98001'), whereabouts: RELEASED }), DIRECTORY).holds).toMatchObject([
      { reason: 'registered-in-custody' },
    ]);
    expect(decideRoutes(toGp, facts({ registration: registered('Y98002') }), DIRECTORY).holds).toMatchObject([
      { reason: 'registered-in-custody' },
    ]);
  });

  it('a code shared by two establishments is held, not guessed (domain trap 9)', () => {
    expect(reasons({ whereabouts: RELEASED, registration: registered('Y06017') })).toEqual(['establishment-ambiguous']);
    expect(reasons({ whereabouts: whereabouts({ custodian: { odsCode: 'Y06017' } }) })).toEqual(['establishment-ambiguous']);
    expect(decide({ whereabouts: whereabouts({ custodian: { odsCode: 'Y06017', agencyCode: 'FYI' } }) }).deliveries).toMatchObject([
      { destination: 'unit-y' },
    ]);
    expect(reasons({ whereabouts: whereabouts({ custodian: { agencyCode: 'ZZZ' } }) })).toEqual(['establishment-unknown']);
  });
});

describe('several targets', () => {
  it('give a delivery or a hold each', () => {
    const decision = decide({ record: record('encounter', {}), whereabouts: RELEASED });
    expect(decision).toMatchObject({
      deliveries: [{ to: 'previous-custodian', destination: 'leeds' }],
      holds: [{ reason: 'no-endpoint', to: 'sender' }],
      filed: null,
    });
    expect(decide({ record: record('encounter', {}), whereabouts: RELEASED, sender: ods('Y99001') }).deliveries).toMatchObject([
      { destination: 'leeds' },
      { destination: 'gp-hill' },
    ]);
    // The same place by two roles is one delivery.
    const twice = routes(rule('twice', null, { to: ['custodian', 'receiving-establishment'] }));
    expect(decideRoutes(twice, facts(), DIRECTORY).deliveries).toHaveLength(1);
  });
});

describe('★ A12: check at dispatch', () => {
  const places = (more: Partial<RoutingFacts>) => decide(more).deliveries.map((one) => one.destination);

  it('is for deliveries named by role alone', () => {
    expect(decide().deliveries[0]?.recheck).toBe(true);
    const archived = decide({ record: record('alert', {}) }).deliveries;
    expect(archived).toMatchObject([{ to: 'archive', destination: 'archive', entry: null, recheck: false }]);
    expect(decide({ record: record('alert', {}), whereabouts: RELEASED }).deliveries).toEqual(archived);
  });

  it('gives another answer once the person has moved, been released, lost or restricted', () => {
    expect(places({})).toEqual(['leeds']);
    expect(places({ whereabouts: whereabouts({ custodian: MOORLAND }) })).toEqual(['moorland']);
    expect(places({ whereabouts: RELEASED })).toEqual(['gp-hill']);
    expect(reasons({ whereabouts: NOWHERE })).toEqual(['location-unknown']);
    expect(reasons({ vital: { restricted: true, deceased: false } })).toEqual(['restricted']);
  });

  it('a letter still queued at a recall within the hour goes to the establishment (domain trap 12)', () => {
    const events = [event('reception', '2 09:00', { to: LEEDS }), event('release', '9 09:00')];
    expect(places({ record: record('document', {}), whereabouts: custodyTimeline(events) })).toEqual(['gp-hill-letters']);
    const recalled = custodyTimeline([...events, event('reception', '9 09:55', { to: MOORLAND, booking: 'B2' })]);
    expect(places({ record: record('document', {}), whereabouts: recalled })).toEqual(['moorland']);
  });
});

describe('evidence', () => {
  it('names codes and ids, and nothing of the patient', () => {
    const secret = record('report', { status: 'final', conclusion: 'MARKED-VALUE', performer: { name: { family: 'MARKED-VALUE' } } });
    const decision = decide({ record: secret, episode: { releasedTo: 'MARKED-VALUE' }, whereabouts: RELEASED });
    expect(JSON.stringify(decision.evidence)).not.toContain('MARKED-VALUE');
    expect(decision.evidence).toMatchObject({
      record: secret.id,
      kind: 'report',
      location: 'out',
      restsOn: 'e1',
      registered: { practice: 'Y99001', standing: 'registered', record: 'r1' },
      decidedBy: 'late-results',
      steps: [
        { code: 'target', about: 'registered-gp' },
        { code: 'registered', about: 'r1' },
        { code: 'organisation', about: 'Y99001' },
      ],
    });
  });
});

describe('totality', () => {
  const anyWhereabouts = fc.record({
    location: fc.constantFrom(...LOCATIONS),
    custodian: fc.constantFrom(null, LEEDS, MOORLAND, { odsCode: 'Y06017' }, { agencyCode: 'ZZZ' }),
    previousCustodian: fc.constantFrom(null, LEEDS, MOORLAND),
  });
  const anyFacts = fc
    .record({
      kind: fc.constantFrom(...KIND_NAMES.filter((kind) => kind !== 'episode')),
      fields: fc.constantFrom({}, { to: LEEDS }, { status: 'final' }, { type: { code: 'release-summary' } }),
      place: anyWhereabouts,
      practice: fc.constantFrom(null, 'Y99001', 'Y99002', 'Y99003', 'Y99004', 'Y06017', 'Y98001', 'Z99999'),
      restricted: fc.boolean(),
      deceased: fc.boolean(),
      sender: fc.constantFrom(null, 'Y98001', 'Y99001', 'Z00000'),
      movement: fc.constantFrom(null, 'reception' as const, 'transfer' as const, 'none' as const),
    })
    .map(({ kind, fields, place, practice, restricted, deceased, sender, movement }) =>
      facts({
        record: record(kind, fields),
        whereabouts: whereabouts(place),
        registration: registered(practice),
        vital: { restricted, deceased },
        sender: sender === null ? null : ods(sender),
        movement,
      }),
    );
  const anyRules = fc
    .array(fc.tuple(fc.constantFrom(...HOUSE), fc.constantFrom(undefined, ...ROLES, 'archive')), { maxLength: 6 })
    .map((chosen) =>
      routes(
        ...chosen.map(([one, to], index): (typeof HOUSE)[number] =>
          to === undefined
            ? { ...one, name: `r${index}` }
            : { name: `r${index}`, priority: one.priority, to, ...(one.when === undefined ? {} : { when: one.when }) },
        ),
      ),
    );

  it('every record is delivered, held by a named reason, or filed by a named rule', () => {
    fc.assert(
      fc.property(anyRules, anyFacts, (rules, about) => {
        const { deliveries, filed, holds, evidence } = decideRoutes(rules, about, DIRECTORY);
        expect(deliveries.length + holds.length > 0).toBe(filed === null);
        if (filed !== null) expect([filed.rule, filed.reason]).not.toContain('');
        expect(evidence.decidedBy === null).toBe(holds.length === 1 && holds[0]?.route === null);
        if (about.vital.restricted) expect(deliveries).toEqual([]);
        for (const delivery of deliveries) expect(delivery.recheck).toBe(delivery.entry !== null);
      }),
      { numRuns: 1000 },
    );
  });

  it('the same facts always give the same decision', () => {
    fc.assert(
      fc.property(anyFacts, (about) =>
        expect(decideRoutes(RULES, about, DIRECTORY)).toEqual(decideRoutes(RULES, { ...about }, directory())),
      ),
    );
  });
});

describe('custody records as the timeline reads them', () => {
  it('agree with what the routes are asked', () => {
    const one = custodyEventOf(custodyEvent({ event: 'reception', booking: 'B1', at: '2026-03-02T09:00:00.000Z', to: LEEDS }));
    const timeline = custodyTimeline(one === undefined ? [] : [one]);
    expect(decide({ whereabouts: timeline }).deliveries).toMatchObject([{ destination: 'leeds' }]);
  });
});
