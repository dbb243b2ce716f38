import { eventually } from '../../support/eventually.ts';
import { merge, movement, report, type Somebody, somebody, unmerge } from '../../support/example-messages.ts';
import { BY, ExampleSite } from '../../support/example-site.ts';
import { fieldOf, frame } from '../../support/mllp-bytes.ts';

/** A merge taken back (A37), a stay that was another's (A45): whose are the records then? On a real daemon. */

let site: ExampleSite;
beforeAll(async () => {
  site = await ExampleSite.open();
});
afterAll(() => site.close());
afterEach(() => site.settled());

const ALLERGY = { penicillin: '91936005^Allergy to penicillin', peanut: '91935009^Allergy to peanut', latex: '300916003^Latex allergy' };
type Allergy = keyof typeof ALLERGY;
const received = (who: Somebody, allergy: Allergy) => site.take('prison-adt', `${movement('A01', who)}AL1|1|MA|${ALLERGY[allergy]}^SCT\r`);
/** The same birth date, and no NHS number of their own: two who may be taken for one. */
const twinOf = (who: Somebody, n: number): Somebody => ({ ...somebody(n), nhs: '', birth: who.birth });
/** The allergies in the summary that the practice gets when this person is released. */
const allergiesAtRelease = async (who: Somebody): Promise<readonly string[]> => {
  const gone = await site.take('prison-adt', movement('A03', who, { at: '20260320093000' }));
  expect(gone.state).toBe('processed');
  const found = await eventually(() =>
    site.receivers.hillLane.received.find(({ bytes }) => bytes.includes(who.family) && fieldOf(bytes, 'MSH', 9).startsWith('MDM^T02')),
  );
  const summary = Buffer.from(fieldOf(found?.bytes ?? '', 'OBX', 5).split('^')[4] ?? '', 'base64').toString('utf8');
  return (Object.keys(ALLERGY) as Allergy[]).filter((one) => summary.includes(ALLERGY[one].split('^')[1] ?? '-'));
};
const reasons = async (id: Parameters<ExampleSite['holds']>[0]): Promise<readonly string[]> =>
  (await site.holds(id)).map((hold) => hold.reason);

describe('★ H5: a merge taken back (A37)', () => {
  it.each([
    ['named second', 401, false],
    ['named first', 403, true],
  ])('gives each their own records again, the retired one %s', async (_, n, first) => {
    const kept = somebody(n);
    const other = twinOf(kept, n + 1);
    await received(kept, 'peanut');
    await received(other, 'latex');
    await site.take('prison-adt', merge(kept, other));
    const apart = await site.take('prison-adt', first ? unmerge(other, kept) : unmerge(kept, other));
    expect([apart.state, ...(await reasons(apart.id))]).toEqual(['processed']);
    expect(await allergiesAtRelease(kept)).toEqual(['peanut']);
    expect(await allergiesAtRelease(other)).toEqual(['latex']);
    // A second time there is nothing to take apart.
    expect((await site.take('prison-adt', unmerge(kept, other))).state).toBe('processed');
  });

  it('takes along whoever had been merged into the one that goes', async () => {
    const kept = somebody(405);
    const [other, third] = [twinOf(kept, 406), twinOf(kept, 407)];
    await received(kept, 'penicillin');
    await received(other, 'peanut');
    await received(third, 'latex');
    await site.take('prison-adt', merge(other, third));
    await site.take('prison-adt', merge(kept, other));
    await site.take('prison-adt', unmerge(kept, other));
    expect(await allergiesAtRelease(kept)).toEqual(['penicillin']);
    expect(await allergiesAtRelease(other)).toEqual(['peanut', 'latex']);
  });

  it('in one batch with its merge leaves the two as they were', async () => {
    const kept = somebody(408);
    const other = twinOf(kept, 409);
    await received(kept, 'peanut');
    await received(other, 'latex');
    const client = await site.connect('prison-adt');
    client.write(Buffer.concat([merge(kept, other), unmerge(kept, other)].map(frame)));
    await eventually(() => client.answers.length === 2);
    await site.settled();
    expect(await allergiesAtRelease(kept)).toEqual(['peanut']);
    expect(await allergiesAtRelease(other)).toEqual(['latex']);
  });

  it('what was written of the two as one and waits is written anew of the right one, and somebody is asked to look', async () => {
    const kept = somebody(410);
    const other = twinOf(kept, 411);
    await received(kept, 'peanut');
    await received(other, 'latex');
    await site.take('pathology', report(other, { order: 'U410', value: '501', status: 'P' }));
    await site.settled();
    await site.take('prison-adt', merge(kept, other));
    await site.pause('leeds-clinical');
    const correction = await site.take('pathology', report(other, { order: 'U410', value: '502', status: 'F', at: '20260304161000' }));
    expect((await site.deliveries(correction.id)).map(({ state }) => state)).toEqual(['waiting']);

    const apart = await site.take('prison-adt', unmerge(kept, other));
    expect([apart.state, ...(await reasons(apart.id))]).toEqual(['held', 'taken-apart']);
    await site.resume('leeds-clinical');
    await site.deliveriesBecome(correction.id, ['withdrawn', 'confirmed']);
    const arrived = site.receivers.leeds.received.filter(({ bytes }) => fieldOf(bytes, 'OBX', 5) === '502');
    expect(arrived.map(({ bytes }) => [bytes.includes(other.family), bytes.includes(kept.family), bytes.includes(kept.nhs)])).toEqual([
      [true, false, false],
    ]);

    // Looked at and released: the two stay apart.
    const [hold] = await site.holds(apart.id);
    if (hold === undefined) throw new Error('no hold');
    expect(await site.daemon.operations.releaseHold(hold.id, BY)).toEqual({ outcome: 'done' });
    await eventually(
      () => site.message(apart.id),
      ({ state }) => state === 'processed',
    );
    expect(await allergiesAtRelease(kept)).toEqual(['peanut']);
  });

  it('of somebody nobody has heard of is held, and says so', async () => {
    const kept = somebody(412);
    await received(kept, 'peanut');
    const apart = await site.take('prison-adt', unmerge(kept, twinOf(kept, 413)));
    expect([apart.state, ...(await reasons(apart.id))]).toEqual(['held', 'no-identifier']);
  });
});

describe('a stay that was recorded for the wrong person (A45)', () => {
  it('is moved by a person: held with what to do, and nothing is changed', async () => {
    const right = somebody(414);
    const wrong = twinOf(right, 415);
    await received(right, 'peanut');
    await received(wrong, 'latex');
    const asked = await site.take('prison-adt', merge(right, wrong, {}, 'A45'));
    expect([asked.state, ...(await reasons(asked.id))]).toEqual(['held', 'stay-to-be-moved']);
    expect(await allergiesAtRelease(right)).toEqual(['peanut']);
  });
});
