import { randomBytes } from 'node:crypto';
import { brandAs, type MessageId, type SourceName } from '../../../records/ids.ts';
import { freshId, movement, reportLines, reportOf, somebody } from '../../support/example-messages.ts';
import { MailboxSite } from '../../support/mailbox-site.ts';

const MB = 1024 * 1024;
const WORKFLOWS = `
workflows:
  LETTERS: { do: process }
  DOCUMENTS: { do: forward, to: archive }
  STRANGE: { do: hold }
others: hold
maxSize: 3MB
`;

let site: MailboxSite;
beforeAll(async () => {
  site = await MailboxSite.open(WORKFLOWS);
});
afterEach(async () => {
  await site.balances();
  await site.reload(WORKFLOWS);
});
afterAll(() => site.close());

const whole = async (stream: AsyncIterable<Buffer>): Promise<Buffer> => {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
};
const outcome = async (id: MessageId) => {
  const { state, reason, parts, deliveries } = await site.message(id);
  return { state, reason, parts, deliveries };
};
const forward = { workflow: 'DOCUMENTS', disposition: 'forward' } as const;

describe('a workflow that is passed on', () => {
  it('becomes one delivery of what came, byte for byte, with its headers sealed beside it', async () => {
    const text = '{"resourceType":"Bundle","family":"Quellmalz"}';
    const headers = { from: 'X26OT009', subject: 'Quellmalz discharge', localid: 'L1', filename: 'quellmalz.json' };
    const id = await site.take(text, { ...forward, headers });
    await site.process();
    expect(await outcome(id)).toEqual({ state: 'processed', reason: null, parts: 1, deliveries: 1 });
    const { claimed, outbound } = await site.sending(id);
    expect(claimed).toMatchObject({ message: id, part: 1, item: null, role: 'forward', stale: false });
    expect(outbound).toMatchObject({ size: text.length, contentType: 'application/octet-stream' });
    expect(outbound.envelope).toEqual({ headers: { ...headers, workflowid: 'DOCUMENTS' } });
    expect((await whole(outbound.stream())).toString()).toBe(text);
    const stored = await site.db.database.query(
      'select m::text as m from message m union all select d::text from delivery d union all select p::text from payload p',
    );
    expect(JSON.stringify(stored)).not.toMatch(/quellmalz/i);
  });

  it('★ however large is never read by the leader, and never counts against what a batch holds', async () => {
    const large = [randomBytes(9 * MB), randomBytes(10 * MB)];
    const ids: MessageId[] = [];
    for (const body of large) ids.push(await site.take(body, forward));
    ids.push(await site.take('a small one', forward));
    expect(await site.process()).toEqual({ batches: 1, loaded: 0 });
    for (const [n, id] of ids.entries()) {
      const { outbound } = await site.sending(id);
      const body = large[n] ?? Buffer.from('a small one');
      expect(outbound.size).toBe(body.length);
      expect((await whole(outbound.stream())).equals(body)).toBe(true);
      expect((await whole(outbound.stream(5))).equals(body.subarray(5))).toBe(true);
    }
  });

  it('has a lane of its own: a held one keeps nobody waiting', async () => {
    const ids = [await site.take('one', forward), await site.take('two', forward)];
    await site.process();
    const lanes = await site.db.database.query<{ lane_id: number; person_id: number; priority: number }>(
      'select lane_id, person_id, priority from delivery where message_id = any($1)',
      [ids],
    );
    expect(new Set(lanes.map((row) => row.lane_id)).size).toBe(2);
    expect(new Set(lanes.map((row) => row.person_id)).size).toBe(2);
    expect(lanes.map((row) => row.priority)).toEqual([3, 3]);
  });

  it('is held where the configuration no longer passes it on, and passed on when it does again and a person releases it', async () => {
    const id = await site.take('three', forward);
    await site.reload('workflows: {}\nothers: leave\n');
    await site.process();
    expect(await outcome(id)).toMatchObject({ state: 'held', reason: 'no-forward', deliveries: 0 });
    await site.release(id);
    await site.process();
    expect(await outcome(id)).toMatchObject({ state: 'held', reason: 'no-forward' });
    await site.reload('workflows:\n  DOCUMENTS: { do: forward, to: other }\n');
    await site.release(id);
    await site.process();
    expect(await outcome(id)).toMatchObject({ state: 'processed', reason: null, deliveries: 1 });
    expect((await whole((await site.sending(id)).outbound.stream())).toString()).toBe('three');
  });
});

describe('a workflow that is held', () => {
  it('★ goes its way when the configuration says which, and a person releases it: passed on', async () => {
    const body = randomBytes(2 * MB);
    const id = await site.take(body, { workflow: 'STRANGE', disposition: 'hold', headers: { from: 'X26OT009' } });
    await site.process();
    expect(await outcome(id)).toMatchObject({ state: 'held', reason: 'workflow-held' });
    await site.release(id);
    await site.process();
    expect(await outcome(id)).toMatchObject({ state: 'held', reason: 'workflow-held' });
    await site.reload(WORKFLOWS.replace('STRANGE: { do: hold }', 'STRANGE: { do: forward, to: archive }'));
    await site.release(id);
    expect((await site.process()).loaded).toBe(0);
    const { outbound } = await site.sending(id);
    expect(outbound.envelope.headers).toEqual({ from: 'X26OT009', workflowid: 'STRANGE' });
    expect((await whole(outbound.stream())).equals(body)).toBe(true);
  });

  it('★ or mapped, all of it, where it is HL7: of two patients both', async () => {
    const [one, two] = [somebody(301), somebody(302)];
    const text = reportOf({ id: freshId() }, reportLines(one, { value: '131' }), reportLines(two, { value: '132' }));
    const id = await site.take(text, { workflow: 'STRANGE', disposition: 'hold' });
    await site.reload(WORKFLOWS.replace('STRANGE: { do: hold }', 'STRANGE: { do: process }'));
    await site.release(id);
    await site.process();
    const parts = await site.db.database.query('select part, reason from message_part where message_id = $1 order by part', [id]);
    // Neither is in custody: what was mapped waits for that, part by part.
    expect(parts).toEqual([
      { part: 1, reason: 'location-unknown' },
      { part: 2, reason: 'location-unknown' },
    ]);
  });

  it('★ meets the receipt checks only then: one of another environment is never processed', async () => {
    const text = movement('A01', somebody(303), { id: freshId(), processing: 'P' });
    const id = await site.take(text, { workflow: 'STRANGE', disposition: 'hold' });
    await site.reload(WORKFLOWS.replace('STRANGE: { do: hold }', 'STRANGE: { do: process }'));
    await site.release(id);
    await site.process();
    expect(await outcome(id)).toMatchObject({ state: 'held', reason: 'wrong-processing-id' });
  });

  it('or ignored, where its event is', async () => {
    const id = await site.take(movement('A01', somebody(304), { id: freshId() }), { workflow: 'STRANGE', disposition: 'hold' });
    await site.reload(
      `${WORKFLOWS.replace('STRANGE: { do: hold }', 'STRANGE: { do: process }')}ignore: { ADT^A01: known from elsewhere }\n`,
    );
    await site.release(id);
    await site.process();
    expect(await outcome(id)).toMatchObject({ state: 'ignored', reason: 'known from elsewhere' });
  });

  it('is held still where it is a batch: its messages would be taken for one', async () => {
    const batch = movement('A01', somebody(305), { id: freshId() }) + movement('A01', somebody(306), { id: freshId() });
    const id = await site.take(batch, { workflow: 'STRANGE', disposition: 'hold' });
    await site.reload(WORKFLOWS.replace('STRANGE: { do: hold }', 'STRANGE: { do: process }'));
    await site.release(id);
    await site.process();
    expect(await outcome(id)).toMatchObject({ state: 'held', reason: 'no-mapping' });
  });
});

describe('a report that names no delivery of ours', () => {
  it('stays held when it is released: nothing is read out of it', async () => {
    const receipt = await site.receiver.receiveReport({
      source: brandAs<SourceName>('gp-mailbox'),
      connection: 'mesh/gp',
      transportId: 'REPORT1',
      bytes: Buffer.from('{"mex-messagetype":"REPORT"}'),
      type: 'REPORT',
      name: { mailbox: 'X26OT001' },
      receipt: { stage: 'reported', good: false, receiptCode: '14', reference: 'REPORT1' },
      final: true,
    });
    const id = receipt?.messageId ?? brandAs<MessageId>(0);
    expect(await outcome(id)).toMatchObject({ state: 'held', reason: 'report-unmatched' });
    await site.release(id);
    await site.process();
    expect(await outcome(id)).toMatchObject({ state: 'held', reason: 'report-unmatched', deliveries: 0 });
  });
});

describe('a workflow that is processed', () => {
  it('is mapped where it is HL7, and held as without mapping where it is not', async () => {
    const hl7 = await site.take(movement('A01', somebody(307), { id: freshId() }));
    const pdf = await site.take('%PDF-1.7');
    await site.process();
    expect(await outcome(hl7)).toMatchObject({ state: 'processed' });
    expect(await outcome(pdf)).toMatchObject({ state: 'held', reason: 'no-mapping' });
  });

  it('★ is read where it is too long only once its source takes so much', async () => {
    const text = `${movement('A01', somebody(308), { id: freshId() })}ZZZ|${'x'.repeat(4 * MB)}\r`;
    const id = await site.take(text);
    expect(await outcome(id)).toMatchObject({ state: 'held', reason: 'message-too-long' });
    await site.release(id);
    expect((await site.process()).loaded).toBe(0);
    expect(await outcome(id)).toMatchObject({ state: 'held', reason: 'message-too-long' });
    await site.reload(WORKFLOWS.replace('maxSize: 3MB', 'maxSize: 8MB'));
    await site.release(id);
    expect((await site.process()).loaded).toBe(text.length);
    expect(await outcome(id)).toMatchObject({ state: 'processed' });
  });

  it('★ reads no more than about 8 MB in one batch, and passes nothing over', async () => {
    await site.reload(WORKFLOWS.replace('maxSize: 3MB', 'maxSize: 8MB').replace('STRANGE: { do: hold }', 'STRANGE: { do: process }'));
    const ids: MessageId[] = [];
    for (let n = 0; n < 3; n++) {
      const text = `${movement('A01', somebody(310 + n), { id: freshId() })}ZZZ|${'x'.repeat(5 * MB)}\r`;
      ids.push(await site.take(text, { workflow: 'STRANGE', disposition: 'hold' }));
    }
    for (const id of ids) await site.release(id);
    expect((await site.process()).batches).toBe(2);
    for (const id of ids) expect(await outcome(id)).toMatchObject({ state: 'processed' });
  });

  it('★ is held where a large one, checked by its beginning, turns out to be in another character set further on', async () => {
    const good = movement('A01', somebody(309), { id: freshId() });
    const msh = good.slice(0, good.indexOf('\r'));
    const fields = msh.split('|');
    while (fields.length < 17) fields.push('');
    fields[17] = 'UNICODE UTF-8';
    const bytes = Buffer.concat([
      Buffer.from(good.replace(msh, fields.join('|'))),
      Buffer.from(`ZZZ|${'x'.repeat(1.5 * MB)}`),
      Buffer.from([0xe9, 0x20, 0x0d]),
    ]);
    const id = await site.take(bytes);
    await site.process();
    expect(await outcome(id)).toMatchObject({ state: 'held', reason: 'wrong-charset' });
  });
});
