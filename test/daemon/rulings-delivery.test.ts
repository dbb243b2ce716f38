import { setTimeout as sleep } from 'node:timers/promises';
import type { MessageId, PersonId } from '../../records/ids.ts';
import { eventually } from '../support/eventually.ts';
import { freshId, movement, pid, report, type Somebody, somebody } from '../support/example-messages.ts';
import { BY, ExampleSite } from '../support/example-site.ts';
import { fieldOf, frame } from '../support/mllp-bytes.ts';
import type { MllpReceiver } from '../support/mllp-receiver.ts';

/** States of deliveries, routes looked at again, persons and replies: what was settled about them, on a real daemon. */

let site: ExampleSite;
beforeAll(async () => {
  site = await ExampleSite.open({
    config: (yaml) =>
      yaml
        .replace('leeds-clinical:\n    kind: mllp', 'leeds-clinical:\n    kind: mllp\n    advance: confirmed')
        .replace('accept: [ORU^R01]', 'accept: [ORU^R01]\n    replies: gp-hill-lane'),
  });
});
afterAll(() => site.close());
beforeEach(() => {
  site.receivers.leeds.script = () => ({ do: 'answer' });
});
afterEach(() => site.settled());

const reports = (receiver: MllpReceiver, ...values: readonly string[]): readonly string[] =>
  receiver.received.map(({ bytes }) => fieldOf(bytes, 'OBX', 5)).filter((value) => values.includes(value));
const receivedAt = async (who: Somebody, place = 'LEI'): Promise<MessageId> => {
  const reception = await site.take('prison-adt', movement('A01', who, { place }));
  await site.deliveriesBecome(reception.id, ['confirmed']);
  return reception.id;
};
const only = <T>(items: readonly T[]): T => {
  const [first] = items;
  if (first === undefined || items.length !== 1) throw new RangeError(`expected one, got ${items.length}`);
  return first;
};
const rows = <T extends object>(text: string, values: readonly unknown[] = []): Promise<readonly T[]> =>
  site.db.database.query<T>(text, values);
/** A promise and its keeper. */
const later = () => {
  let keep: (code: string) => void = () => undefined;
  const promise = new Promise<string>((resolve) => {
    keep = resolve;
  });
  return { promise, keep };
};

describe('A9: the states of a delivery', () => {
  it('a lane that advances at confirmation waits for the AA that follows CA, and goes on with it', async () => {
    const who = somebody(320);
    await receivedAt(who);
    const verdict = later();
    site.receivers.leeds.script = ({ bytes }) =>
      fieldOf(bytes, 'OBX', 5) === '151' ? { do: 'accept', afterwards: verdict.promise } : { do: 'answer' };
    const [first, second] = [
      await site.take('pathology', report(who, { value: '151' })),
      await site.take('pathology', report(who, { value: '152' })),
    ];
    await site.deliveriesBecome(first.id, ['handed-over']);
    expect(only(await site.deliveries(first.id))).toMatchObject({ phase: 'confirming', receiptCode: 'CA' });
    await sleep(150);
    expect(only(await site.deliveries(second.id)).state).toBe('waiting');
    verdict.keep('AA');
    await site.deliveriesBecome(first.id, ['confirmed']);
    await site.deliveriesBecome(second.id, ['confirmed']);
    expect(reports(site.receivers.leeds, '151', '152')).toEqual(['151', '152']);

    // Both in one packet: the AA is here before the hand-over is filed.
    site.receivers.leeds.script = () => ({ do: 'accept', afterwards: Promise.resolve('AA') });
    for (const value of ['161', '162', '163']) {
      const quick = await site.take('pathology', report(who, { value }));
      await site.deliveriesBecome(quick.id, ['confirmed']);
    }
  });

  it('★ a refusal after CA holds it and its lane, for a person; nothing is taken for delivered', async () => {
    const who = somebody(321);
    await receivedAt(who);
    site.receivers.leeds.script = ({ bytes }) =>
      fieldOf(bytes, 'OBX', 5) === '153' ? { do: 'accept', afterwards: Promise.resolve('AE') } : { do: 'answer' };
    const [first, second] = [
      await site.take('pathology', report(who, { value: '153' })),
      await site.take('pathology', report(who, { value: '154' })),
    ];
    const held = only(await site.deliveriesBecome(first.id, ['held']));
    expect(held.lastCode).toBe('answer-error');
    expect(only(await site.deliveries(second.id)).state).toBe('waiting');
    await site.balance();
    site.receivers.leeds.script = () => ({ do: 'answer' });
    expect(await site.daemon.operations.retryDelivery(held.id, BY)).toEqual({ outcome: 'done' });
    await site.deliveriesBecome(second.id, ['confirmed']);
    expect(reports(site.receivers.leeds, '153', '154')).toEqual(['153', '153', '154']);
  });

  it('AA confirms; a file ends at handed over', async () => {
    const who = somebody(322, 'QUAY PRACTICE^^Y99002');
    const reception = await receivedAt(who);
    expect(only(await site.deliveries(reception)).receiptCode).toBe('AA');
    const gone = await site.take('prison-adt', movement('A03', who, { at: '20260320093000' }));
    const file = only(await site.deliveriesBecome(gone.id, ['handed-over']));
    expect(file).toMatchObject({ destination: 'gp-quay', phase: expect.not.stringMatching('confirming') });
  });
});

describe('A12: a changed directory', () => {
  const moved = (yaml: string): string => yaml.replace('default: leeds-clinical', 'default: moorland-clinical');
  const back = (yaml: string): string => yaml.replace('default: moorland-clinical', 'default: leeds-clinical');

  it('★ what waits is looked at again after a reload: it goes where the directory says now', async () => {
    const who = somebody(323);
    await receivedAt(who);
    await site.pause('leeds-clinical');
    const result = await site.take('pathology', report(who, { value: '155' }));
    await site.reload('directory.yaml', moved);
    await site.resume('leeds-clinical');
    await site.deliveriesBecome(result.id, ['withdrawn', 'confirmed']);
    expect(reports(site.receivers.moorland, '155')).toEqual(['155']);
    expect(reports(site.receivers.leeds, '155')).toEqual([]);
    await site.reload('directory.yaml', back);
  });

  it('★ and after a restart; who has nothing waiting is not touched', async () => {
    const [who, other] = [somebody(324), somebody(325)];
    await receivedAt(who);
    await receivedAt(other);
    const versions = () =>
      rows<{ person_id: PersonId; routing_version: number }>(
        'select distinct i.person_id, p.routing_version from person_identifier i join person p on p.id = i.person_id order by 1',
      );
    await site.pause('leeds-clinical');
    const result = await site.take('pathology', report(who, { value: '156' }));
    const before = await versions();
    // The same directory again: nothing to look at.
    await site.reload('directory.yaml', (yaml) => yaml);
    expect(await versions()).toEqual(before);

    await site.restart(async () => {
      await site.edit('directory.yaml', moved);
    });
    const waiting = only(
      await rows<{ person_id: PersonId }>('select person_id from delivery where message_id = $1', [result.id]),
    ).person_id;
    expect(await versions()).toEqual(
      before.map((row) => (row.person_id === waiting ? { ...row, routing_version: row.routing_version + 1 } : row)),
    );
    await site.resume('leeds-clinical');
    await site.deliveriesBecome(result.id, ['withdrawn', 'confirmed']);
    expect(reports(site.receivers.moorland, '156')).toEqual(['156']);
    await site.reload('directory.yaml', back);
  });
});

describe('A14: the day of a message', () => {
  it('is the day it was received, also when it is processed on another', async () => {
    const who = somebody(326);
    const early = await site.take('pathology', report(who, { value: '157' }));
    expect(early).toMatchObject({ state: 'held', reason: 'location-unknown' });
    await rows("update message set received = received - interval '1 day' where id = $1", [early.id]);
    const days = () =>
      rows<{ day: string; received: string }>(
        `select o.day::text, to_char(m.received at time zone 'UTC', 'YYYY-MM-DD') as received from message_outcome o join message m on m.id = o.message_id where m.id = $1`,
        [early.id],
      );
    await receivedAt(who);
    const [hold] = await site.holds(early.id);
    if (hold === undefined) throw new Error('no hold');
    expect(await site.daemon.operations.releaseHold(hold.id, BY)).toEqual({ outcome: 'done' });
    await site.deliveriesBecome(early.id, ['confirmed']);
    const { day, received } = only(await days());
    expect(day).toBe(received);
    await rows("update message set received = received + interval '1 day' where id = $1", [early.id]);
  });
});

describe('A15: persons', () => {
  const merge = (stays: Somebody, goes: Somebody): string =>
    `MSH|^~\\&|NOMIS|LEI|THROUGHCARE|TC|20260311150000||ADT^A40^ADT_A39|${freshId()}|T|2.4|||||GBR|UNICODE UTF-8\rEVN|A40|20260311150000||||20260311150000\r${pid(stays)}\rMRG|${goes.prison}^^^NOMIS^PI\r`;
  const personOf = async (id: MessageId): Promise<PersonId> =>
    only(await rows<{ person_id: PersonId }>('select person_id from message_part where message_id = $1', [id])).person_id;

  it('somebody who is known by nothing gets a person of his own, and what comes next of him another', async () => {
    const nobody = (n: number): string => report(somebody(n), { value: '158' }).replace(/PID\|1\|\|[^|]*\|/, 'PID|1||LOCAL-17^^^LIMS^MR|');
    const [one, two] = [await site.take('pathology', nobody(327)), await site.take('pathology', nobody(327))];
    expect(await personOf(one.id)).not.toBe(await personOf(two.id));
    expect([one.state, two.state]).toEqual(['held', 'held']);
  });

  it('★ merges are flat, records keep the person they were written for, and all of them are read', async () => {
    // Three records of one man, who was booked in under three numbers; two of them have no NHS number.
    const whole = somebody(328);
    const [second, third] = [somebody(329), somebody(330)].map((who) => ({ ...whole, nhs: '', prison: who.prison, booking: who.booking }));
    if (second === undefined || third === undefined) throw new Error('three are needed');
    const persons: PersonId[] = [];
    for (const who of [third, second, whole]) persons.push(await personOf(await receivedAt(who)));
    expect(new Set(persons).size).toBe(3);
    const [a, b, c] = persons;
    const before = await site.take('pathology', report(third, { value: '159' }));
    await site.deliveriesBecome(before.id, ['confirmed']);

    expect((await site.take('prison-adt', merge(second, third))).state).toBe('processed');
    expect((await site.take('prison-adt', merge(whole, second))).state).toBe('processed');
    expect(await rows('select id, merged_into from person where id = any($1) order by id', [persons])).toEqual([
      { id: a, merged_into: c },
      { id: b, merged_into: c },
      { id: c, merged_into: null },
    ]);
    const kept = await rows<{ person_id: PersonId }>('select distinct person_id from record where message_id = $1', [before.id]);
    expect(kept).toEqual([{ person_id: a }]);
    const undo = await rows('select from_person, into_person, undone_at from person_merge order by id');
    expect(undo).toEqual([
      { from_person: a, into_person: b, undone_at: null },
      { from_person: b, into_person: c, undone_at: null },
    ]);
    // At his release the practice gets what was reported under the number that went.
    const gone = await site.take('prison-adt', movement('A03', whole, { at: '20260320093000' }));
    expect(gone.state).toBe('processed');
    await eventually(
      () => reports(site.receivers.hillLane, '159').length,
      (n) => n === 1,
      { what: 'the result of the merged record' },
    );
  });
});

describe('A20: an application answer whose connection is gone', () => {
  /** Sends in enhanced mode, and is gone when the leader comes to decide it. */
  const sendAndGo = async (source: 'prison-adt' | 'pathology', message: string): Promise<MessageId> => {
    const client = await site.connect(source);
    await site.db.database.inTransaction(async (tx) => {
      await tx.query("select 1 as held from lease where name = 'process' for update");
      client.write(frame(message));
      expect((await client.answer(0)).code).toBe('CA');
      client.destroy();
      await sleep(100);
    });
    const id = await site.newest(source);
    await site.decided(id);
    return id;
  };
  const reply = (id: MessageId) =>
    rows<{ code: string; sent_at: Date | null; given_up: boolean }>('select code, sent_at, given_up from reply where message_id = $1', [
      id,
    ]);
  const NOT_SENT = { code: 'AA', sent_at: null, given_up: true };

  it('is recorded as not sent', async () => {
    const id = await sendAndGo('prison-adt', movement('A01', somebody(331), { accept: 'AL', application: 'AL' }));
    await eventually(
      () => reply(id),
      ([row]) => row?.given_up === true,
    );
    expect(await reply(id)).toEqual([NOT_SENT]);
  });

  it('goes to the destination that the source names for replies', async () => {
    const who = somebody(332);
    await receivedAt(who);
    const control = freshId();
    const id = await sendAndGo('pathology', report(who, { id: control, accept: 'AL', application: 'AL' }));
    await site.deliveriesBecome(id, ['confirmed', 'confirmed']);
    const answers = site.receivers.hillLane.received.filter(({ bytes }) => fieldOf(bytes, 'MSA', 2) === control);
    expect(answers.map(({ bytes }) => [fieldOf(bytes, 'MSA', 1), fieldOf(bytes, 'MSH', 9).slice(0, 3)])).toEqual([['AA', 'ACK']]);
    expect(await reply(id)).toEqual([NOT_SENT]);
  });

  it('and one of nobody known, too', async () => {
    const control = freshId();
    const id = await sendAndGo('pathology', report(somebody(333), { id: control, accept: 'AL', application: 'AL' }));
    await eventually(
      () => site.receivers.hillLane.received.filter(({ bytes }) => fieldOf(bytes, 'MSA', 2) === control),
      (answers) => answers.length === 1,
    );
    expect(await reply(id)).toEqual([{ ...NOT_SENT, code: 'AE' }]);
  });

  it('is not forgotten where the daemon that held the connection died', async () => {
    const client = await site.connect('prison-adt');
    client.write(frame(movement('A01', somebody(334), { accept: 'AL', application: 'AL' })));
    await client.answer(1);
    const id = await site.newest('prison-adt');
    // As it would be, had that daemon died before it wrote it.
    await eventually(
      () => reply(id),
      ([row]) => row?.sent_at !== null,
    );
    await rows("update reply set sent_at = null, filed = now() - interval '1 minute' where message_id = $1", [id]);
    await eventually(
      () => reply(id),
      ([row]) => row?.given_up === true,
    );
    expect(await reply(id)).toEqual([NOT_SENT]);
  });
});
