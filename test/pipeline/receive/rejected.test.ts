import { freshId, movement, report, somebody } from '../../support/example-messages.ts';
import { BY, ExampleSite } from '../../support/example-site.ts';
import { fieldOf, plainAck } from '../../support/mllp-bytes.ts';
import { everythingStored } from '../../support/stored-text.ts';

let site: ExampleSite;
beforeAll(async () => {
  site = await ExampleSite.open();
});
afterAll(() => site.close());
afterEach(() => site.settled());

describe('★ A1: a corrected message sent again after a rejection', () => {
  it.each([
    ['processing id', { processing: 'P' }],
    ['version', { version: '9.9' }],
  ])('with another %s is checked and processed afresh, under the same control id', async (_what, wrong) => {
    const id = freshId();
    const who = somebody(id.length + Number(id.slice(1)) + 40);
    expect((await site.send('prison-adt', movement('A01', who, { id, ...wrong }))).code).toBe('AR');
    const rejected = await site.newest('prison-adt');
    const taken = await site.take('prison-adt', movement('A01', who, { id }));
    expect(taken).toMatchObject({ state: 'processed', duplicateOf: null });
    await site.deliveriesBecome(taken.id, ['confirmed']);
    expect((await site.message(rejected)).state).toBe('rejected');
  });

  it('rejected twice alike is rejected twice, and is no duplicate', async () => {
    const message = movement('A01', somebody(60), { id: freshId(), processing: 'P' });
    for (let times = 0; times < 2; times += 1) expect((await site.send('prison-adt', message)).code).toBe('AR');
    expect((await site.message(await site.newest('prison-adt'))).state).toBe('rejected');
  });
});

describe('★ A7: what receivers say', () => {
  const WORDS = 'Patient Quellmalz unknown at ward seven';

  it('is sealed: the code is clear in the database, their words are not; nor the operator’s', async () => {
    const who = somebody(61);
    site.receivers.leeds.script = ({ bytes }) => ({
      do: 'say',
      bytes: `${plainAck(bytes, 'AE').trimEnd()}|${WORDS}\rERR|PID^1^3|||E||||${WORDS}\r`,
    });
    const reception = await site.take('prison-adt', movement('A01', who));
    const [held] = await site.deliveriesBecome(reception.id, ['held']);
    expect(held).toMatchObject({ lastCode: 'answer-error' });
    site.receivers.leeds.script = () => ({ do: 'answer' });
    if (held === undefined) throw new Error('nothing is held');
    const reason = 'spoke to Dr Ottokar by telephone';
    expect(await site.daemon.operations.retryDelivery(held.id, { by: BY.by, reason })).toEqual({ outcome: 'done' });
    const [sent] = await site.deliveriesBecome(reception.id, ['confirmed']);
    expect(sent?.receiptCode).toBe('AA');

    const stored = await everythingStored(site.db.database);
    expect(stored).toContain('answer-error');
    for (const words of [WORDS, 'Quellmalz', reason, 'Ottokar', who.nhs, who.prison, who.family]) expect(stored).not.toContain(words);
    const log = site.log.join('\n');
    for (const words of ['Quellmalz', 'Ottokar', who.nhs, who.prison, who.family]) expect(log).not.toContain(words);
  });

  it('shows the operator a name and a code, and the message itself only for a reason', async () => {
    const message = report(somebody(62));
    expect((await site.send('pathology', message)).code).toBe('AA');
    const id = await site.newest('pathology');
    await site.decided(id);
    expect((await site.daemon.operations.revealMessage(id, BY))?.toString()).toBe(message);
    const [row] = await site.db.database.query<{ who: string; subject: string }>('select who, subject from audit order by at desc limit 1');
    expect(row).toMatchObject({ who: BY.by });
    expect(fieldOf(message, 'MSH', 10)).toBe((await site.message(id)).controlId);
  });
});
