import { readAck } from '../../formats/hl7v2/acknowledgement.ts';
import { eventually } from '../support/eventually.ts';
import { freshId, movement, report, somebody } from '../support/example-messages.ts';
import { ExampleSite, journeyMessage, type Source } from '../support/example-site.ts';
import { fieldOf, frame } from '../support/mllp-bytes.ts';
import type { Answer } from '../support/mllp-client.ts';

/** What senders get wrong, through real sockets of a real daemon. */

let site: ExampleSite;
beforeAll(async () => {
  site = await ExampleSite.open({
    config: (yaml) => yaml.replace('accept: [ORU^R01]', 'accept: [ORU^R01]\n    ignore:\n      ORU^W01: waveforms are not used'),
  });
});
afterAll(() => site.close());
// Whatever came in, nothing may be lost between received and its outcome, and nothing may stall.
afterEach(() => site.settled());

const textOf = (answer: Answer): string => answer.bytes.toString('latin1');

/** Sends what must be refused; the row it left. */
const refused = async (source: Source, message: string | Buffer, reason: string): Promise<Answer> => {
  const answer = await site.send(source, message);
  const row = await site.message(await site.newest(source));
  expect(row).toMatchObject({ state: 'rejected', reason });
  return answer;
};

/** Kept as it came, for a person. */
const keptOf = async (source: Source): Promise<Buffer | null> =>
  site.daemon.operations.revealMessage(await site.newest(source), { by: 'a tester', reason: 'what was sent?' });

const countRecords = async (): Promise<number> =>
  (await site.db.database.query<{ n: number }>('select count(*)::int as n from record'))[0]?.n ?? -1;
const countPersons = async (): Promise<number> =>
  (await site.db.database.query<{ n: number }>('select count(*)::int as n from person'))[0]?.n ?? -1;

describe('★ a frame that is no HL7', () => {
  it.each([
    ['has no MSH', Buffer.from('PID|1||9990000018^^^NHS^NH\r')],
    ['is binary junk', Buffer.from(Array.from({ length: 256 }, (_, n) => (n === 0x0b || n === 0x1c ? 0xff : n)))],
    ['is empty', Buffer.alloc(0)],
  ])('that %s is answered AR with sound separators, and kept', async (_what, bytes) => {
    const answer = await refused('prison-adt', bytes, 'not-hl7');
    expect(textOf(answer)).toMatch(/^MSH\|\^~\\&\|/);
    expect(answer.code).toBe('AR');
    expect(textOf(answer)).toMatch(/\rERR\|/);
    expect(await keptOf('prison-adt')).toEqual(bytes);
  });

  it('between frames is passed over, and the next message is taken', async () => {
    const client = await site.connect('prison-adt');
    client.write(Buffer.from('\u0000\u0001GET / HTTP/1.1\r\n'));
    const id = freshId();
    expect(await client.send(movement('A01', somebody(1), { id }))).toMatchObject({ code: 'AA', controlId: id });
  });
});

describe('a header that cannot be used', () => {
  it.each([
    ['the same delimiter twice', 'MSH|^^\\&|NOMIS|LEI|TC|TC|20260302||ADT^A01|M1|T|2.4\r'],
    ['a letter as delimiter', 'MSHA^~\\&ANOMISALEIATCATCA20260302AAADT^A01AM1ATA2.4\r'],
    ['no encoding characters', 'MSH||NOMIS|LEI|TC|TC|20260302||ADT^A01|M1|T|2.4\r'],
  ])('with %s is answered AR in sound separators', async (_what, text) => {
    const answer = await refused('prison-adt', text, 'bad-delimiters');
    expect(answer.code).toBe('AR');
    expect(textOf(answer)).toMatch(/^MSH\|\^~\\&\|/);
    expect(readAck(answer.bytes)?.errors[0]?.code).toBe('102');
  });

  it('without control id is answered AR, ERR 101 at MSH-10, and kept', async () => {
    const message = report(somebody(2), { id: '' });
    const answer = await refused('pathology', message, 'no-control-id');
    expect(readAck(answer.bytes)).toMatchObject({ code: 'AR', errors: [{ code: '101', location: 'MSH^1^10', severity: 'E' }] });
    expect((await keptOf('pathology'))?.toString()).toBe(message);
  });

  it('of a version that is not taken is answered AR 203', async () => {
    const answer = await refused('prison-adt', movement('A01', somebody(2), { version: '3.0' }), 'unsupported-version');
    expect(readAck(answer.bytes)).toMatchObject({ code: 'AR', errors: [{ code: '203' }] });
  });

  it.each(['P', 'D', ''])('★ with processing id “%s” is refused by a test system: traffic of another environment', async (processing) => {
    const before = await countPersons();
    const answer = await refused('prison-adt', movement('A01', somebody(3), { processing }), 'wrong-processing-id');
    expect(readAck(answer.bytes)).toMatchObject({ code: 'AR', errors: [{ code: '202', location: 'MSH^1^11' }] });
    expect(await countPersons()).toBe(before);
  });

  it('of an event the source does not accept is answered AR 201', async () => {
    const answer = await refused('pathology', movement('A01', somebody(2)), 'trigger-not-accepted');
    expect(answer.code).toBe('AR');
    expect(['200', '201']).toContain(readAck(answer.bytes)?.errors[0]?.code);
  });

  it('of an event listed under `ignore` is answered AA and ignored', async () => {
    const message = report(somebody(2)).replace('ORU^R01^ORU_R01', 'ORU^W01^ORU_W01');
    expect((await site.send('pathology', message)).code).toBe('AA');
    expect((await site.message(await site.newest('pathology'))).state).toBe('ignored');
  });

  it('of an event no mapping is for is answered AA and held', async () => {
    const detail = await site.take('prison-adt', movement('A01', somebody(2)).replaceAll('A01', 'A60'));
    expect(detail).toMatchObject({ state: 'held', reason: 'no-mapping' });
  });

  it('of a character set its bytes are not in is answered AE at MSH-18', async () => {
    const latin = Buffer.from(movement('A01', somebody(4)).replace('Alex', 'Zo\u00eb'), 'latin1');
    const answer = await refused('prison-adt', latin, 'wrong-charset');
    expect(readAck(answer.bytes)).toMatchObject({ code: 'AE', errors: [{ code: '102', location: 'MSH^1^18' }] });
    expect(await keptOf('prison-adt')).toEqual(latin);
  });
});

describe('the ERR segment', () => {
  it('has the form of 2.3.1 for a sender of 2.3.1', async () => {
    const answer = await refused('prison-adt', movement('A01', somebody(2), { id: '', version: '2.3.1' }), 'no-control-id');
    expect(fieldOf(answer.bytes, 'MSH', 12)).toBe('2.3.1');
    expect(fieldOf(answer.bytes, 'ERR', 1)).toMatch(/^MSH\^1\^10\^101&/);
    expect(fieldOf(answer.bytes, 'ERR', 2)).toBe('');
  });

  it('has the form of 2.5.1 for a sender of 2.5.1', async () => {
    const answer = await refused('prison-adt', movement('A01', somebody(2), { id: '', version: '2.5.1' }), 'no-control-id');
    expect(fieldOf(answer.bytes, 'MSH', 12)).toBe('2.5.1');
    expect(fieldOf(answer.bytes, 'ERR', 1)).toBe('');
    expect(fieldOf(answer.bytes, 'ERR', 2)).toBe('MSH^1^10');
    expect(fieldOf(answer.bytes, 'ERR', 3)).toMatch(/^101\^/);
    expect(fieldOf(answer.bytes, 'ERR', 4)).toBe('E');
  });
});

describe('several frames in one packet', () => {
  it('are each answered, in their order, good and bad', async () => {
    const client = await site.connect('pathology');
    const ids = Array.from({ length: 12 }, freshId);
    const frames = ids.map((id, index) => {
      const message = report(somebody(5), { id });
      return frame(index === 4 ? message.replace('|T|2.5.1|', '|P|2.5.1|') : index === 7 ? message.replace('MSH', 'XXX') : message);
    });
    client.write(Buffer.concat(frames));
    await client.answer(11);
    expect(client.answers.map(({ code, controlId }) => `${code} ${controlId}`)).toEqual(
      ids.map((id, index) => (index === 4 ? `AR ${id}` : index === 7 ? 'AR ' : `AA ${id}`)),
    );
  });
});

describe('content that cannot be used', () => {
  let stranger = 100;
  it('★ is answered AA, and held with the rule and the place where a required field is missing', async () => {
    const before = await countRecords();
    const detail = await site.take('pathology', await journeyMessage('17-mapping-fails', ['LAB001701', freshId()]));
    expect(detail).toMatchObject({ state: 'held', reason: 'mapping-failed' });
    const [hold] = await site.holds(detail.id);
    expect(hold?.rule).toMatch(/results\/oru\.map\.yaml:\d+/);
    expect(hold?.position).toMatch(/^(OBR|OBX)/);
    expect(await countRecords()).toBe(before);
  });

  it('★ holds a reception without prison number: nothing is guessed', async () => {
    const who = somebody(6);
    const before = await countPersons();
    const detail = await site.take('prison-adt', movement('A01', who).replace(`~${who.prison}^^^NOMIS^PI`, ''));
    expect(detail).toMatchObject({ state: 'held', reason: 'mapping-failed' });
    const [hold] = await site.holds(detail.id);
    expect(hold?.rule).toMatch(/adt\/movement\.map\.yaml:\d+/);
    expect(hold?.position).toMatch(/^PID/);
    expect(await countPersons()).toBe(before);
  });

  it.each([
    ['with a wrong check digit', '9990000019'],
    ['of one repeated digit', '9999999999'],
    ['of zeros', '0000000000'],
    ['too short', '999000001'],
    ['of letters', 'ABCDEFGHIJ'],
  ])('★ never matches by an NHS number %s', async (_what, wrong) => {
    const strangers = [++stranger, ++stranger].map((n) => ({ ...somebody(n), nhs: wrong }));
    const before = await countPersons();
    for (const who of strangers) {
      const detail = await site.take('prison-adt', movement('A01', who));
      expect(detail.state).toBe('processed');
      // Left aside, and said so, with the place in the message.
      const issues = await site.db.database.query('select code, target, source from issue where message_id = $1', [detail.id]);
      expect(issues).toEqual([{ code: 'nhs-number', target: 'identify.nhsNumber', source: 'PID-3[1].1' }]);
    }
    expect(await countPersons()).toBe(before + 2);
  });

  it('★ holds a message with two different NHS numbers; nothing of it is used', async () => {
    const [one, other] = [somebody(9), somebody(10)];
    const before = { persons: await countPersons(), records: await countRecords() };
    const message = movement('A01', one).replace(`${one.nhs}^^^NHS^NH`, `${one.nhs}^^^NHS^NH~${other.nhs}^^^NHS^NH`);
    const detail = await site.take('prison-adt', message);
    expect(detail).toMatchObject({ state: 'held' });
    expect(detail.reason).toBe('identity-contradiction');
    expect({ persons: await countPersons(), records: await countRecords() }).toEqual(before);
  });
});

describe('a control id that comes again', () => {
  it('with the same content gets the same answer, and a row `duplicate`', async () => {
    const message = report(somebody(11));
    const first = await site.send('pathology', message);
    const original = await site.newest('pathology');
    const again = await site.send('pathology', message);
    expect([first.code, again.code]).toEqual(['AA', 'AA']);
    expect(again.controlId).toBe(first.controlId);
    expect(await site.message(await site.newest('pathology'))).toMatchObject({ state: 'duplicate', duplicateOf: original });
  });

  it('★ with other content is answered AA and held as control-id-reused', async () => {
    const id = freshId();
    const who = somebody(12);
    await site.take('pathology', report(who, { id, value: '138' }));
    const detail = await site.take('pathology', report(who, { id, value: '121' }));
    expect(detail).toMatchObject({ state: 'held', reason: 'control-id-reused' });
    const [hold] = await site.holds(detail.id);
    if (hold === undefined) throw new Error('no hold');
    // Both were wanted: once released, the second is processed like any other.
    expect(await site.daemon.operations.releaseHold(hold.id, { by: 'a tester', reason: 'both are wanted' })).toEqual({ outcome: 'done' });
    await eventually(
      () => site.message(detail.id),
      ({ reason, state }) => state !== 'unprocessed' && reason !== 'control-id-reused',
    );
  });
});

describe('enhanced mode', () => {
  it('answers CA once stored, and AA after processing', async () => {
    const client = await site.connect('prison-adt');
    const id = freshId();
    client.write(frame(movement('A01', somebody(13), { id, accept: 'AL', application: 'AL' })));
    await client.answer(1);
    expect(client.answers.map(({ code, controlId }) => [code, controlId])).toEqual([
      ['CA', id],
      ['AA', id],
    ]);
  });

  it('★ answers CA once stored, and AE once it is held (ruling A21)', async () => {
    const client = await site.connect('pathology');
    const id = freshId();
    const message = await journeyMessage('17-mapping-fails', ['LAB001701', id], ['|2.5.1|||||GBR', '|2.5.1|||AL|AL|GBR']);
    client.write(frame(message));
    await client.answer(1);
    expect(client.answers.map(({ code, controlId }) => [code, controlId])).toEqual([
      ['CA', id],
      ['AE', id],
    ]);
  });

  it('says nothing at receipt where only errors are to be told, and CR where it is refused', async () => {
    const client = await site.connect('prison-adt');
    client.write(frame(movement('A01', somebody(14), { accept: 'ER', application: 'NE' })));
    const refusedId = freshId();
    const answer = await client.send(movement('A01', somebody(14), { id: refusedId, accept: 'ER', application: 'NE', processing: 'P' }));
    expect([answer.code, answer.controlId]).toEqual(['CR', refusedId]);
    expect(client.answers).toHaveLength(1);
  });
});

describe('a live system', () => {
  it('★ refuses test traffic on its port with AR 202, keeps it, and makes no person of it', async () => {
    const live = await ExampleSite.open({ config: (yaml) => yaml.replace('environment: test', 'environment: live') });
    try {
      const answer = await live.send('prison-adt', movement('A01', somebody(16), { processing: 'T' }));
      expect(readAck(answer.bytes)).toMatchObject({ code: 'AR', errors: [{ code: '202', location: 'MSH^1^11' }] });
      expect(fieldOf(answer.bytes, 'MSH', 11)).toBe('T');
      expect(await live.message(await live.newest('prison-adt'))).toMatchObject({ state: 'rejected', reason: 'wrong-processing-id' });
      expect(await live.db.database.query('select id from person')).toEqual([]);
      await live.settled();
    } finally {
      await live.close();
    }
  });

  it('★ holds a test patient that comes as live traffic, before anybody’s record is touched', async () => {
    const live = await ExampleSite.open({ config: (yaml) => yaml.replace('environment: test', 'environment: live') });
    try {
      const held = await live.take('prison-adt', movement('A01', somebody(17), { processing: 'P' }));
      expect(held).toMatchObject({ state: 'held', reason: 'test-identity' });
      expect(await live.db.database.query('select id from person')).toEqual([]);
      await live.settled();
    } finally {
      await live.close();
    }
  });
});

describe('after all of it', () => {
  it('a sound message passes at once', async () => {
    const detail = await site.take('prison-adt', movement('A01', somebody(15)));
    expect(detail.state).toBe('processed');
    await site.deliveriesBecome(detail.id, ['confirmed']);
  });

  it('★ nothing of any patient stands in the log', () => {
    const log = site.log.join('\n');
    for (const n of [1, 2, 5, 9, 13, 15]) {
      const who = somebody(n);
      for (const value of [who.nhs, who.prison, who.family]) expect(log).not.toContain(value);
    }
  });
});
