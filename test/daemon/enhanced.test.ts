import { readAck } from '../../formats/hl7v2/acknowledgement.ts';
import { eventually } from '../support/eventually.ts';
import { freshId, movement, report, somebody } from '../support/example-messages.ts';
import { BY, ExampleSite } from '../support/example-site.ts';
import { fieldOf, frame } from '../support/mllp-bytes.ts';

/** Enhanced mode, both ways: what a receiver says after it has accepted, and what a sender is told whose connection is gone. */

let site: ExampleSite;
beforeAll(async () => {
  site = await ExampleSite.open({
    config: (yaml) =>
      yaml
        .replace('  leeds-clinical:\n', '  leeds-clinical:\n    advance: confirmed\n')
        .replace('    system: nomis\n', '    system: nomis\n    replies: gp-hill-lane\n'),
  });
});
afterAll(() => site.close());
afterEach(() => site.settled());

const values = (): readonly string[] =>
  site.receivers.leeds.received.map(({ bytes }) => fieldOf(bytes, 'OBX', 5)).filter((one) => one !== '');

describe('a destination that advances at the confirmation', () => {
  it.each([
    [0, 61],
    [300, 62],
  ])('★ is sent the next when the AA has come, %i ms after the CA', async (afterMs, n) => {
    site.receivers.leeds.script = () => ({ do: 'answer', code: 'CA', later: { code: 'AA', afterMs } });
    const who = somebody(n);
    const reception = await site.take('prison-adt', movement('A01', who));
    const [one, two] = [
      await site.take('pathology', report(who, { value: `${n}1` })),
      await site.take('pathology', report(who, { value: `${n}2` })),
    ];
    for (const { id } of [reception, one, two]) {
      const [row] = await site.deliveriesBecome(id, ['confirmed']);
      expect(row).toMatchObject({ receiptCode: 'AA', attempts: 1, lastOutcome: 'delivered', lastCode: null });
    }
    expect(values().slice(-2)).toEqual([`${n}1`, `${n}2`]);
  });

  it('★ is held where the receiver refuses after all: nothing passes it until a person has decided', async () => {
    site.receivers.leeds.script = () => ({ do: 'answer' });
    const who = somebody(63);
    await site.deliveriesBecome((await site.take('prison-adt', movement('A01', who))).id, ['confirmed']);
    site.receivers.leeds.script = ({ bytes }) =>
      fieldOf(bytes, 'OBX', 5) === '631' ? { do: 'answer', code: 'CA', later: { code: 'AE', afterMs: 50 } } : { do: 'answer' };
    const refused = await site.take('pathology', report(who, { value: '631' }));
    const behind = await site.take('pathology', report(who, { value: '632' }));
    const [row] = await site.deliveriesBecome(refused.id, ['held']);
    expect(row).toMatchObject({ attempts: 1, lastOutcome: 'permanent', lastCode: 'answer-error' });
    const [hold] = await site.holds(refused.id);
    expect(hold).toMatchObject({ reason: 'answer-error', destination: 'leeds-clinical', source: 'pathology', waitingBehind: 1 });
    expect(values()).not.toContain('632');
    expect(await site.daemon.operations.withdrawDelivery(row?.id ?? (0 as never), BY)).toEqual({ outcome: 'done' });
    await site.deliveriesBecome(behind.id, ['confirmed']);
  });
});

describe('an application answer whose connection is gone', () => {
  const replies = (): readonly string[] =>
    site.receivers.hillLane.received.flatMap(({ bytes }) => {
      const ack = readAck(bytes);
      return ack === undefined ? [] : [`${ack.code} ${ack.controlId}`];
    });

  it.each([
    ['AA once it is processed', (id: string) => movement('A01', somebody(64), { id, accept: 'AL', application: 'AL' }), 'AA'],
    [
      'AE once it is held, though nobody is known',
      (id: string) =>
        movement('A01', somebody(65), { id, accept: 'AL', application: 'AL' }).replace(`~${somebody(65).prison}^^^NOMIS^PI`, ''),
      'AE',
    ],
  ])('★ goes to the destination its source names: %s', async (_what, message, code) => {
    const id = freshId();
    // Nothing is processed until the sender has gone.
    const holder = holdProcessing();
    await holder.held;
    const client = await site.connect('prison-adt');
    client.write(frame(message(id)));
    expect(await client.answer(0)).toMatchObject({ code: 'CA', controlId: id });
    client.end();
    await client.whenClosed();
    holder.release();
    await eventually(() => replies().includes(`${code} ${id}`), Boolean, { what: 'the answer' });
    const newest = await site.newest('prison-adt');
    await eventually(
      () => site.deliveries(newest),
      (rows) => rows.some((row) => row.destination === 'gp-hill-lane' && row.state === 'confirmed'),
    );
    expect(replies().filter((reply) => reply === `${code} ${id}`)).toHaveLength(1);
  });

  it('is recorded as not sent where its source names none', async () => {
    const holder = holdProcessing();
    await holder.held;
    const client = await site.connect('pathology');
    client.write(frame(report(somebody(66), { accept: 'AL', application: 'AL' })));
    await client.answer(0);
    client.end();
    await client.whenClosed();
    const before = site.receivers.hillLane.received.length;
    holder.release();
    const id = await site.newest('pathology');
    await eventually(
      () => site.db.database.query<{ given_up: boolean }>('select given_up from reply where message_id = $1', [id]),
      ([row]) => row?.given_up === true,
    );
    expect(site.receivers.hillLane.received).toHaveLength(before);
    for (const hold of await site.holds(id)) await site.daemon.operations.withdrawHold(hold.id, BY);
  });

  it('★ is passed on by another daemon where the one that held the connection was killed', async () => {
    const message = await site.take('prison-adt', movement('A01', somebody(67)));
    const sealed = site.db.vault.seal(
      Buffer.from(`MSH|^~\\&|TC|TC|NOMIS|LEI|20260302||ACK^A01^ACK|TC${message.id}A|T|2.4\rMSA|AA|GONE67\r`),
      `reply:${message.id}`,
    );
    await site.db.database.query(
      "insert into reply (message_id, code, key_id, body, filed) values ($1, 'AA', $2, $3, now() - interval '1 minute')",
      [message.id, sealed.keyId, sealed.bytes],
    );
    await eventually(() => replies().includes('AA GONE67'));
  });
});

/** While this lasts the leader commits no answer; senders are answered at receipt all the same. */
const holdProcessing = (): { readonly held: Promise<void>; readonly release: () => void } => {
  let release = (): void => {};
  let locked = (): void => {};
  const until = new Promise<void>((resolve) => {
    release = resolve;
  });
  const held = new Promise<void>((resolve) => {
    locked = resolve;
  });
  void site.db.database.inTransaction(
    async (tx) => {
      await tx.query('lock table reply in exclusive mode');
      locked();
      await until;
    },
    { timeout: 20_000 },
  );
  return { held, release };
};
