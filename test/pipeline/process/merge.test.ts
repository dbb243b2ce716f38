import { eventually } from '../../support/eventually.ts';
import { letter, merge, movement, report, type Somebody, somebody } from '../../support/example-messages.ts';
import { ExampleSite } from '../../support/example-site.ts';
import { fieldOf, frame } from '../../support/mllp-bytes.ts';

/** What is read of two records of one person, and of records that name one another: through a real daemon. */

let site: ExampleSite;
beforeAll(async () => {
  site = await ExampleSite.open();
});
afterAll(() => site.close());
afterEach(() => site.settled());

const PENICILLIN = 'AL1|1|DA|91936005^Allergy to penicillin^SCT||Rash|20190611';
const PEANUT = 'AL1|2|FA|91935009^Allergy to peanut^SCT';
const LATEX = 'AL1|1|EA|300916003^Latex allergy^SCT';
const received = (who: Somebody, lines: readonly string[], at: string) =>
  site.take('prison-adt', `${movement('A01', who, { at })}${lines.map((line) => `${line}\r`).join('')}`);

/** The text of the release summary that came for this NHS number. */
const summaryOf = (who: Somebody): string => {
  const documents = site.receivers.hillLane.received.filter(
    ({ bytes }) => bytes.includes(who.nhs) && fieldOf(bytes, 'MSH', 9).startsWith('MDM^T02'),
  );
  const content = fieldOf(documents.at(-1)?.bytes ?? '', 'OBX', 5).split('^')[4] ?? '';
  return Buffer.from(content, 'base64').toString('utf8');
};
const times = (text: string, words: string): number => text.split(words).length - 1;

describe('★ C.29: after a merge (A40)', () => {
  it('every current allergy of both is in the summary, and none twice', async () => {
    const [kept, gone] = [somebody(201), { ...somebody(202), nhs: '', birth: somebody(201).birth }];
    await received(kept, [PENICILLIN, PEANUT], '20260302101500');
    await received(gone, [LATEX, PENICILLIN], '20260303101500');
    const merged = await site.take('prison-adt', merge(kept, gone));
    expect(merged.state).toBe('processed');
    // Both had the penicillin allergy, and a practice, under one key: one of each is read, and that is told.
    const issues = await site.db.database.query('select code, target from issue where message_id = $1 order by target', [merged.id]);
    expect(issues).toEqual([
      { code: 'keys-met', target: 'allergy' },
      { code: 'keys-met', target: 'gpRegistration' },
    ]);

    const release = await site.take('prison-adt', movement('A03', kept, { at: '20260320093000' }));
    await eventually(() => summaryOf(kept) !== '');
    const summary = summaryOf(kept);
    expect({
      release: release.state,
      penicillin: times(summary, 'Allergy to penicillin'),
      peanut: times(summary, 'Allergy to peanut'),
      latex: times(summary, 'Latex allergy'),
    }).toEqual({ release: 'processed', penicillin: 1, peanut: 1, latex: 1 });
  });

  it('also where merge and release are decided in one batch, of somebody the leader knows in part', async () => {
    const [kept, gone] = [somebody(203), { ...somebody(204), nhs: '', birth: somebody(203).birth }];
    await received(kept, [PEANUT], '20260302101500');
    await received(gone, [LATEX], '20260303101500');
    const result = await site.take('pathology', report(gone, { value: '177', status: 'P' }));
    expect(result.state).toBe('processed');
    // What the leader has in mind of the one that goes is where they are, not what they are allergic to.
    await site.reload('directory.yaml', (yaml) => yaml);
    await site.take('prison-adt', movement('A21', gone, { at: '20260310080000' }));
    // One write, so that both wait for the leader together.
    const client = await site.connect('prison-adt');
    client.write(Buffer.concat([frame(merge(kept, gone)), frame(movement('A03', kept, { at: '20260320093000' }))]));
    await eventually(() => summaryOf(kept) !== '');
    expect([times(summaryOf(kept), 'Allergy to peanut'), times(summaryOf(kept), 'Latex allergy')]).toEqual([1, 1]);
    // The open result of the one that is gone goes to the practice as well.
    await eventually(() => site.receivers.hillLane.received.some(({ bytes }) => fieldOf(bytes, 'OBX', 5) === '177'));
  });
});

describe('a letter that replaces another', () => {
  /** TXA-12 and TXA-13 of a letter that arrived at Leeds, by its text. */
  const arrived = (text: string) =>
    eventually(
      () => site.receivers.leeds.received.find(({ bytes }) => fieldOf(bytes, 'OBX', 5) === text),
      (found) => found !== undefined,
    ).then((found) => [fieldOf(found?.bytes ?? '', 'TXA', 12), fieldOf(found?.bytes ?? '', 'TXA', 13)]);

  it('names it by the id under which it was sent', async () => {
    const who = somebody(205);
    await received(who, [], '20260302101500');
    await site.drop(letter(who, 'T02', 'L1', 'the first letter'));
    await site.drop(letter(who, 'T10', 'L2', 'the letter instead', { replaces: 'L1' }));
    const [first] = await arrived('the first letter');
    const [second, replaced] = await arrived('the letter instead');
    expect(replaced).toBe(first);
    expect(second).not.toBe(first);
  });

  it('that comes before it is sent without, and names it once it is known', async () => {
    const who = somebody(206);
    await received(who, [], '20260302101500');
    await site.drop(letter(who, 'T10', 'L4', 'too early', { replaces: 'L3' }));
    expect((await arrived('too early'))[1]).toBe('');
    await site.drop(letter(who, 'T02', 'L3', 'too late'));
    const [replaced] = await arrived('too late');
    // Sent again for a reason of its own (T08, edited), it names what it replaces.
    await site.drop(letter(who, 'T06', 'L4', 'too early, edited'));
    expect((await arrived('too early, edited'))[1]).toBe(replaced);
  });
});
