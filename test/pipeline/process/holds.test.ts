import type { HoldDetail } from '../../../cli/operations.ts';
import type { MessageId } from '../../../records/ids.ts';
import { eventually } from '../../support/eventually.ts';
import { freshId, movement, report, reportLines, reportOf, somebody } from '../../support/example-messages.ts';
import { BY, ExampleSite } from '../../support/example-site.ts';
import { fieldOf, frame } from '../../support/mllp-bytes.ts';
import type { MllpReceiver } from '../../support/mllp-receiver.ts';

/** What is held, and what comes of it when a person lets it go. One site, a patient for each test. */

const UNLISTED = 'UNLISTED PRACTICE^^Y99999';
const REFUSE = `mapping: tests/refuse
format: 1
direction: inbound
describes: Refuses what names no establishment
hl7: 2.4
match:
  source: prison-adt
  message: ADT^A60
zone: Europe/London
asOf: MSH-7 | dateTime
identify:
  set:
    prisonNumber: PID-3[5 = PI].1 | upper | only
checks:
  - that: exists PV1-3.4
    otherwise: reject
    say: the establishment is missing
records:
  - record: allergy
    each: AL1[*]
    keys:
      code: AL1-3.1
    set:
      code: AL1-3 | coding | required
`;

let site: ExampleSite;
beforeAll(async () => {
  site = await ExampleSite.open({
    mappings: { 'refuse.map.yaml': REFUSE },
    // Moorland takes no results: nothing of its list renders them.
    config: (yaml) =>
      yaml.replace(/(moorland-clinical:[\s\S]*?mappings: )\[.*\]/, '$1[establishment/movement, gp/letter, gp/letter-cancel]'),
  });
});
afterAll(() => site.close());
afterEach(() => site.settled());

const results = (receiver: MllpReceiver, value: string): number =>
  receiver.received.filter(({ bytes }) => fieldOf(bytes, 'OBX', 5) === value).length;
const onlyHold = async (id: MessageId): Promise<HoldDetail> => {
  const [hold, ...more] = await site.holds(id);
  if (hold === undefined || more.length > 0) throw new Error(`${more.length + (hold ? 1 : 0)} holds`);
  return hold;
};
const release = async (hold: HoldDetail): Promise<void> => {
  expect(await site.daemon.operations.releaseHold(hold.id, BY)).toEqual({ outcome: 'done' });
};
const becomes = (id: MessageId, state: string) =>
  eventually(
    () => site.message(id),
    (message) => message.state === state,
    { what: `${state} of message ${id}` },
  );

describe('★ A13: a message about several patients', () => {
  it('holds the part that fails, processes the other, and runs the held part alone when it is released', async () => {
    const [inside, stranger] = [somebody(21), somebody(22)];
    await site.take('prison-adt', movement('A01', inside));
    const both = await site.take('pathology', reportOf({}, reportLines(inside, { value: '121' }), reportLines(stranger, { value: '122' })));
    // Held, for one part of it is: the first true of held, processed, ignored.
    expect(both).toMatchObject({ state: 'held', reason: 'location-unknown' });
    expect(both.parts.map(({ part, outcome }) => [part, outcome])).toEqual([
      [1, 'processed'],
      [2, 'held'],
    ]);
    const hold = await onlyHold(both.id);
    expect(hold).toMatchObject({ part: 2, reason: 'location-unknown' });
    const [first] = await site.deliveriesBecome(both.id, ['confirmed']);
    expect(results(site.receivers.leeds, '121')).toBe(1);

    await site.take('prison-adt', movement('A01', stranger));
    await release(hold);
    const after = await becomes(both.id, 'processed');
    expect(after.parts.map(({ outcome }) => outcome)).toEqual(['processed', 'processed']);
    const rows = await site.deliveriesBecome(both.id, ['confirmed', 'confirmed']);
    expect(rows.some(({ id }) => id === first?.id)).toBe(true);
    expect([results(site.receivers.leeds, '121'), results(site.receivers.leeds, '122')]).toEqual([1, 1]);
  });

  it('whose second part cannot be mapped: the first is sent, and nothing of the second is kept', async () => {
    const [inside, other] = [somebody(23), somebody(24)];
    await site.take('prison-adt', movement('A01', inside));
    await site.take('prison-adt', movement('A01', other));
    const both = await site.take(
      'pathology',
      reportOf({}, reportLines(inside, { value: '123' }), reportLines(other, { value: '124', code: '' })),
    );
    expect(both).toMatchObject({ state: 'held', reason: 'mapping-failed' });
    expect((await onlyHold(both.id)).part).toBe(2);
    await site.deliveriesBecome(both.id, ['confirmed']);
    expect([results(site.receivers.leeds, '123'), results(site.receivers.leeds, '124')]).toEqual([1, 0]);

    // Not wanted: withdrawn by a person, who says why. What was sent stays sent.
    expect(await site.daemon.operations.withdrawHold((await onlyHold(both.id)).id, BY)).toEqual({ outcome: 'done' });
    const after = await becomes(both.id, 'processed');
    expect(after.parts.map(({ outcome }) => outcome)).toEqual(['processed', 'ignored']);
  });
});

describe('★ A14: what is released runs now', () => {
  it('sends the summary once the practice is in the directory, and nothing twice', async () => {
    const who = somebody(25, UNLISTED);
    await site.take('prison-adt', movement('A01', who));
    await site.take('pathology', report(who, { value: '125', status: 'P' }));
    const gone = await site.take('prison-adt', movement('A03', who, { at: '20260320093000' }));
    expect(gone).toMatchObject({ state: 'held', reason: 'practice-unknown' });
    const [hold] = await site.holds(gone.id);
    if (hold === undefined) throw new Error('no hold');
    const before = site.receivers.hillLane.received.length;

    // Still unknown: it is held again, and a person can see that it is.
    await release(hold);
    await eventually(
      () => site.holds(gone.id),
      (holds) => holds.length > 0 && holds.every(({ id }) => id !== hold.id),
    );
    expect(site.receivers.hillLane.received).toHaveLength(before);

    await site.reload(
      'directory.yaml',
      (yaml) => `${yaml}  - ods: Y99999\n    name: Unlisted Practice\n    type: gp-practice\n    endpoints:\n      default: gp-hill-lane\n`,
    );
    const [again] = await site.holds(gone.id);
    if (again === undefined) throw new Error('no hold');
    await release(again);
    await becomes(gone.id, 'processed');
    await site.settled();
    const sent = site.receivers.hillLane.received.slice(before);
    expect(sent.map(({ bytes }) => fieldOf(bytes, 'MSH', 9).slice(0, 7)).sort()).toEqual(['MDM^T02', 'ORU^R01']);
    expect(results(site.receivers.hillLane, '125')).toBe(1);
    expect(new Set(sent.map(({ controlId }) => controlId)).size).toBe(2);
    // The hold is closed: released once more, it says so and does nothing.
    expect(await site.daemon.operations.releaseHold(again.id, BY)).toEqual({ outcome: 'refused', why: 'already-closed' });
    expect(site.receivers.hillLane.received).toHaveLength(before + 2);
  });

  it('says what has left for its patient meanwhile', async () => {
    const who = somebody(26);
    const early = await site.take('pathology', report(who, { value: '126' }));
    expect(early).toMatchObject({ state: 'held', reason: 'location-unknown' });
    await site.take('prison-adt', movement('A01', who));
    const later = await site.take('pathology', report(who, { value: '127' }));
    await site.deliveriesBecome(later.id, ['confirmed']);
    const hold = await onlyHold(early.id);
    expect(hold.leftMeanwhile).toBe(2);
    await release(hold);
    await site.deliveriesBecome(early.id, ['confirmed']);
    expect(results(site.receivers.leeds, '126')).toBe(1);
  });

  it('that came by an event without a mapping stays held until there is one', async () => {
    const held = await site.take('prison-adt', movement('A01', somebody(27)).replaceAll('A01', 'A61'));
    expect(held).toMatchObject({ state: 'held', reason: 'no-mapping' });
    await release(await onlyHold(held.id));
    const after = await eventually(
      () => site.holds(held.id),
      (holds) => holds.length === 1,
    );
    expect(after[0]?.reason).toBe('no-mapping');
  });
});

describe('★ A21: a mapping that rejects', () => {
  const lacking = (id: string, modes = ''): string =>
    `MSH|^~\\&|NOMIS|LEI|THROUGHCARE|TC|20260302101500||ADT^A60^ADT_A60|${id}|T|2.4|||${modes}\rPID|1||${somebody(28).prison}^^^NOMIS^PI\rPV1|1|I\r`;

  it('is a hold with that reason, and no late negative answer in original mode', async () => {
    const client = await site.connect('prison-adt');
    const id = freshId();
    expect((await client.send(lacking(id))).code).toBe('AA');
    const held = await site.decided(await site.newest('prison-adt'));
    expect(held).toMatchObject({ state: 'held', reason: 'mapping-rejected' });
    const hold = await onlyHold(held.id);
    expect(hold.rule).toMatch(/refuse\.map\.yaml:\d+/);
    // A further message is answered next on this connection: nothing came between.
    const next = await client.send(movement('A01', somebody(28)));
    expect(next.code).toBe('AA');
    expect(client.answers).toHaveLength(2);
  });

  it('is also AE in enhanced mode where the sender asks for it', async () => {
    const client = await site.connect('prison-adt');
    const id = freshId();
    client.write(frame(lacking(id, 'AL|AL')));
    await client.answer(1);
    expect(client.answers.map(({ code, controlId }) => [code, controlId])).toEqual([
      ['CA', id],
      ['AE', id],
    ]);
  });
});

describe('★ C.31: a destination that cannot render it', () => {
  it('holds it as no-rendering; with a mapping for it on the list, it is released and sent', async () => {
    const who = somebody(29);
    await site.take('prison-adt', movement('A01', who, { place: 'MDI' }));
    const held = await site.take('pathology', report(who, { value: '129' }));
    expect(held).toMatchObject({ state: 'held', reason: 'no-rendering' });
    expect((await onlyHold(held.id)).rule).toBe('route:results-to-custodian');
    await site.reload('throughcare.yaml', (yaml) =>
      yaml.replace(
        '[establishment/movement, gp/letter, gp/letter-cancel]',
        '[establishment/movement, gp/letter, gp/letter-cancel, gp/result]',
      ),
    );
    await release(await onlyHold(held.id));
    await site.deliveriesBecome(held.id, ['confirmed']);
    expect(results(site.receivers.moorland, '129')).toBe(1);
  });
});

describe('★ D: where a result belongs', () => {
  it('is held as location-unknown while nobody is known to hold the person', async () => {
    const held = await site.take('pathology', report(somebody(30), { value: '130' }));
    expect(held).toMatchObject({ state: 'held', reason: 'location-unknown' });
    expect(results(site.receivers.leeds, '130')).toBe(0);
  });

  it('court-out keeps the custodian', async () => {
    const who = somebody(31);
    await site.take('prison-adt', movement('A01', who));
    await site.take('prison-adt', movement('A21', who, { at: '20260304080000' }));
    const result = await site.take('pathology', report(who, { value: '131' }));
    await site.deliveriesBecome(result.id, ['confirmed']);
    expect(results(site.receivers.leeds, '131')).toBe(1);
  });

  it('after release it goes to the practice, not to the prison', async () => {
    const who = somebody(32);
    await site.take('prison-adt', movement('A01', who));
    await site.take('prison-adt', movement('A03', who, { at: '20260320093000' }));
    const late = await site.take('pathology', report(who, { value: '132', at: '20260322120000' }));
    await site.deliveriesBecome(late.id, ['confirmed']);
    expect([results(site.receivers.leeds, '132'), results(site.receivers.hillLane, '132')]).toEqual([0, 1]);
  });
});

describe('★ C.29: the summary at release', () => {
  it('names every current allergy, one without a status too', async () => {
    const who = somebody(33);
    const allergies = 'AL1|1|DA|91936005^Allergy to penicillin^SCT||Rash|20190611\rAL1|2|FA|91935009^Allergy to peanut^SCT\r';
    await site.take('prison-adt', movement('A01', who) + allergies);
    const gone = await site.take('prison-adt', movement('A03', who, { at: '20260320093000' }));
    await site.deliveriesBecome(gone.id, ['confirmed']);
    const document = site.receivers.hillLane.received.find(({ bytes }) => bytes.includes(who.nhs))?.bytes ?? '';
    const summary = Buffer.from(fieldOf(document, 'OBX', 5).split('^')[4] ?? '', 'base64').toString('utf8');
    expect(summary).toContain('Allergy to penicillin');
    expect(summary).toContain('Allergy to peanut');
  });
});
