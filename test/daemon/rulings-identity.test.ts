import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readAck } from '../../formats/hl7v2/acknowledgement.ts';
import { brandAs, type MessageId, type SourceName } from '../../records/ids.ts';
import { createContentStore } from '../../store/content.ts';
import { revealMessage } from '../../store/message-body.ts';
import { eventually } from '../support/eventually.ts';
import { freshId, movement, report, somebody } from '../support/example-messages.ts';
import { BY, ExampleSite } from '../support/example-site.ts';
import { everythingStored } from '../support/stored-text.ts';

/** What makes a message the same message, what is kept of it in clear, and what outlives a change of keys: on a real daemon. */

let site: ExampleSite;
afterEach(async () => {
  await site.settled();
  await site.close();
});

interface Kept {
  readonly body: Buffer | null;
  readonly content_id: number | null;
  readonly duplicate_of: MessageId | null;
  readonly outcome: number | null;
}
const row = async (id: MessageId): Promise<Kept> => {
  const [found] = await site.db.database.query<Kept>(
    'select m.body, m.content_id, m.duplicate_of, o.outcome from message m left join message_outcome o on o.message_id = m.id where m.id = $1',
    [id],
  );
  if (found === undefined) throw new Error(`no row of message ${id}`);
  return found;
};
const count = async (table: string): Promise<number> =>
  (await site.db.database.query<{ n: number }>(`select count(*)::int as n from ${table}`))[0]?.n ?? -1;
const sent = async (message: string): Promise<Awaited<ReturnType<ExampleSite['message']>>> => {
  expect((await site.send('pathology', message)).code).toBe('AA');
  return site.decided(await site.newest('pathology'));
};
/** Drops a file for the folder source and waits until `messages` more of it are decided. */
const dropped = async (name: string, text: string, messages: number): Promise<readonly MessageId[]> => {
  const source = brandAs<SourceName>('gp-records');
  const list = () => site.daemon.operations.listMessages({ source, limit: 100 });
  const before = (await list()).length;
  await writeFile(join(site.folder, 'data/in/gp-records', name), text);
  const rows = await eventually(list, (found) => found.length === before + messages, { what: `${messages} messages of ${name}` });
  const ids = rows.slice(0, messages).map(({ id }) => id);
  for (const id of ids) await site.decided(id);
  return ids.reverse();
};

describe('★ A2: every frame is a row', () => {
  it('a duplicate has one of its own: what it repeats, no body, and the outcome in the same commit', async () => {
    site = await ExampleSite.open();
    const message = report(somebody(301));
    const original = (await sent(message)).id;
    const before = await count('message');
    const again = await site.send('pathology', message);
    expect(again.code).toBe('AA');
    const duplicate = await site.newest('pathology');
    // Read at once: the outcome was there when the answer came.
    expect(await row(duplicate)).toMatchObject({ body: null, content_id: null, duplicate_of: original, outcome: 5 });
    expect(await count('message')).toBe(before + 1);
    expect(await count('message_key')).toBe(1);
    // What is shown of a duplicate is what it repeats.
    expect((await site.daemon.operations.revealMessage(duplicate, BY))?.toString()).toBe(message);
  });

  it('a refused frame has one too, with its bytes', async () => {
    site = await ExampleSite.open();
    expect((await site.send('pathology', 'no HL7 at all')).code).toBe('AR');
    expect(await row(await site.newest('pathology'))).toMatchObject({ outcome: 3, duplicate_of: null, body: expect.any(Buffer) });
  });
});

describe('A3: the key of a message', () => {
  it('is taken over once its window is past: a feed that starts its numbers again loses nothing', async () => {
    site = await ExampleSite.open();
    const id = freshId();
    const who = somebody(302);
    await site.take('prison-adt', movement('A01', who));
    await sent(report(who, { id, value: '131' }));
    await site.db.database.query("update message_key set received = received - interval '8 days'");
    const later = await sent(report(who, { id, value: '132' }));
    expect(later).toMatchObject({ state: 'processed', duplicateOf: null });
    // From now on it is the later one that is known under this number.
    expect(await sent(report(who, { id, value: '132' }).replace(/\|T\d{6}\^TC/g, '|X^TC'))).toMatchObject({ state: 'held' });
    expect(await count('message_key where variant = 0')).toBe(2);
  });

  it('tells senders apart by MSH-3 and MSH-4 where the source asks for it', async () => {
    site = await ExampleSite.open({ config: (yaml) => yaml.replace('accept: [ORU^R01]', 'accept: [ORU^R01]\n    sender: yes') });
    const id = freshId();
    const who = somebody(303);
    await site.take('prison-adt', movement('A01', who));
    expect(await sent(report(who, { id, value: '133' }))).toMatchObject({ state: 'processed' });
    expect(await sent(report(who, { id, value: '134' }).replace('LIMS|RR8', 'LIMS|RX1'))).toMatchObject({ state: 'processed' });
    expect(await sent(report(who, { id, value: '135' }))).toMatchObject({ state: 'held', reason: 'control-id-reused' });
  });
});

describe('A4: a control id that comes again with other content', () => {
  it('is processed where the source says `reused: accept`, and each content is known again', async () => {
    site = await ExampleSite.open({ config: (yaml) => yaml.replace('accept: [ORU^R01]', 'accept: [ORU^R01]\n    reused: accept') });
    const id = freshId();
    const who = somebody(304);
    await site.take('prison-adt', movement('A01', who));
    const [one, two] = [report(who, { id, value: '136' }), report(who, { id, value: '137' })];
    const first = await sent(one);
    const second = await sent(two);
    expect([first.state, second.state]).toEqual(['processed', 'processed']);
    expect(await sent(one)).toMatchObject({ state: 'duplicate', duplicateOf: first.id });
    expect(await sent(two)).toMatchObject({ state: 'duplicate', duplicateOf: second.id });
    await site.deliveriesBecome(second.id, ['confirmed']);
  });
});

describe('A5: without a control id', () => {
  it('is AR 101 at MSH-10, and known by its digest where the source says `identity: transport`', async () => {
    site = await ExampleSite.open({ config: (yaml) => yaml.replace('system: lab-lims', 'system: lab-lims\n    identity: transport') });
    const who = somebody(305);
    const refused = await site.send('prison-adt', movement('A01', who, { id: '' }));
    expect(readAck(refused.bytes)).toMatchObject({ code: 'AR', errors: [{ code: '101', location: 'MSH^1^10' }] });

    await site.take('prison-adt', movement('A01', who));
    const [one, two] = [report(who, { id: '', value: '138' }), report(who, { id: '', value: '139' })];
    const first = await sent(one);
    expect(first).toMatchObject({ state: 'processed' });
    expect(await sent(two)).toMatchObject({ state: 'processed' });
    expect(await sent(one)).toMatchObject({ state: 'duplicate', duplicateOf: first.id });
  });

  it('messages of one file are known by the file and their place in it', async () => {
    site = await ExampleSite.open({ config: (yaml) => yaml.replace('system: gp\n', 'system: gp\n    identity: transport\n') });
    const who = somebody(306);
    // The same message twice in one file is two messages; the same file twice is not.
    const message = report(who, { id: '', value: '140' });
    const batch = `FHS|^~\\&|GP\rBHS|^~\\&|GP\r${message}${message}BTS|2\rFTS|1\r`;
    const ids = await dropped('results.hl7', batch, 2);
    expect((await Promise.all(ids.map(row))).map(({ duplicate_of: of }) => of)).toEqual([null, null]);
    const again = await dropped('again.hl7', batch, 2);
    expect((await Promise.all(again.map(row))).map(({ duplicate_of: of }) => of)).toEqual(ids);
  });
});

describe('A6: what is in clear', () => {
  it('a control id is; with `controlId: hashed` it is not, and is recognised all the same', async () => {
    site = await ExampleSite.open({ config: (yaml) => yaml.replace('system: lab-lims', 'system: lab-lims\n    controlId: hashed') });
    const clear = `NOM${freshId()}`;
    await site.take('prison-adt', movement('A01', somebody(307), { id: clear }));
    const secret = 'RXQZ-HOSPITAL-NUMBER-0815';
    const message = report(somebody(307), { id: secret });
    const answer = await site.send('pathology', message);
    expect([answer.code, answer.controlId]).toEqual(['AA', secret]);
    const first = await site.newest('pathology');
    await site.decided(first);
    expect(await sent(message)).toMatchObject({ state: 'duplicate', duplicateOf: first });
    const stored = await everythingStored(site.db.database);
    expect(stored).toContain(clear);
    expect(stored).not.toContain(secret);
    expect(site.log.join('\n')).not.toContain(secret);
  });

  it('a file name is never a key: it lies sealed beside the message, and another file of that name is another message', async () => {
    site = await ExampleSite.open();
    const name = 'QUELLMALZ-Ottokar-9990000018.hl7';
    const [one] = await dropped(name, report(somebody(308), { value: '141' }), 1);
    const [two] = await dropped(name, report(somebody(308), { value: '142' }), 1);
    if (one === undefined || two === undefined) throw new Error('not received');
    expect([(await row(one)).duplicate_of, (await row(two)).duplicate_of]).toEqual([null, null]);
    for (const text of [await everythingStored(site.db.database), site.log.join('\n')])
      for (const part of ['QUELLMALZ', 'Ottokar', '9990000018']) expect(text).not.toContain(part);
    const { database, vault } = site.db;
    const opened = await revealMessage(database, vault, createContentStore(database, vault), one, { who: BY.by, why: BY.reason });
    expect(opened?.meta).toMatchObject({ file: name });
  });
});

describe('★ A8: the identity key is not rotated', () => {
  it('after a rotation of the seal key a resend is still a duplicate, the person still known, and old messages still open', async () => {
    site = await ExampleSite.open();
    const who = somebody(309);
    const reception = movement('A01', who);
    const taken = await site.take('prison-adt', reception);
    await site.deliveriesBecome(taken.id, ['confirmed']);
    const keyOf = async (id: MessageId) =>
      (await site.db.database.query<{ key_id: number }>('select key_id from message where id = $1', [id]))[0]?.key_id;
    expect(await keyOf(taken.id)).toBe(1);

    await site.restart(async () => {
      const file = join(site.folder, 'keys');
      await writeFile(file, `${await readFile(file, 'utf8')}\nseal:2:${Buffer.alloc(32, 7).toString('base64')}\n`);
    });
    expect((await site.send('prison-adt', reception)).code).toBe('AA');
    expect(await site.message(await site.newest('prison-adt'))).toMatchObject({ state: 'duplicate', duplicateOf: taken.id });
    expect((await site.daemon.operations.revealMessage(taken.id, BY))?.toString()).toBe(reception);
    const result = await site.take('pathology', report(who, { value: '143' }));
    await site.deliveriesBecome(result.id, ['confirmed']);
    expect(await keyOf(result.id)).toBe(2);
    expect(await count('person')).toBe(1);
  });
});
