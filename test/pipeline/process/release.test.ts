import { eventually } from '../../support/eventually.ts';
import { movement, report, type Somebody, somebody } from '../../support/example-messages.ts';
import { ExampleSite } from '../../support/example-site.ts';
import { fieldOf } from '../../support/mllp-bytes.ts';

/** Releases, releases taken back and what follows of them, on a real daemon: what does the practice hold in the end? */

let site: ExampleSite;
beforeAll(async () => {
  site = await ExampleSite.open();
});
afterAll(() => site.close());
afterEach(() => site.settled());

const custody = (trigger: string, who: Somebody, at: string) => site.take('prison-adt', movement(trigger, who, { at }));
/** What the practice got of documents about somebody, in order: `T02 id`, `T11 id`. */
const documents = (who: Somebody): readonly string[] =>
  site.receivers.hillLane.received
    .filter(({ bytes }) => bytes.includes(who.nhs) && fieldOf(bytes, 'MSH', 9).startsWith('MDM'))
    .map(({ bytes }) => `${fieldOf(bytes, 'MSH', 9).split('^')[1]} ${fieldOf(bytes, 'TXA', 12).split('^')[0]}`);
const documentsBecome = (who: Somebody, count: number) =>
  eventually(
    () => documents(who),
    (found) => found.length === count,
  );
/** Documents the practice holds: sent and not taken back. */
const held = (sent: readonly string[]): readonly string[] => {
  const ids = new Set<string>();
  for (const one of sent) {
    const [trigger, id = ''] = one.split(' ');
    if (trigger === 'T02') ids.add(id);
    else ids.delete(id);
  }
  return [...ids];
};

describe('★ D: the summary of a release', () => {
  it('that was cancelled (A13) is withdrawn; the second release has its own', async () => {
    const who = somebody(301);
    await custody('A01', who, '20260302101500');
    await custody('A03', who, '20260310090000');
    await custody('A13', who, '20260310110000');
    await custody('A03', who, '20260312090000');
    const sent = await documentsBecome(who, 3);
    const [first, withdrawn, second] = sent.map((one) => one.split(' '));
    expect([first?.[0], withdrawn?.[0], second?.[0]]).toEqual(['T02', 'T11', 'T02']);
    expect(withdrawn?.[1]).toBe(first?.[1]);
    expect(second?.[1]).not.toBe(first?.[1]);
    expect(held(sent)).toEqual([second?.[1]]);
  });

  it('of an earlier stay is the one withdrawn when that release is cancelled, though another stay has ended since', async () => {
    const who = somebody(302);
    const again = { ...who, booking: `${who.booking}2` };
    await custody('A01', who, '20260302101500');
    await custody('A03', who, '20260305090000');
    await custody('A01', again, '20260307101500');
    await custody('A03', again, '20260309090000');
    const [first = '', second = ''] = (await documentsBecome(who, 2)).map((one) => one.split(' ')[1] ?? '');
    expect(first).not.toBe(second);
    await custody('A13', who, '20260310110000');
    expect((await documentsBecome(who, 3))[2]).toBe(`T11 ${first}`);
    expect(held(documents(who))).toEqual([second]);
  });

  it('goes out again when the same release stands again after all', async () => {
    const who = somebody(303);
    await custody('A01', who, '20260302101500');
    await custody('A03', who, '20260310090000');
    await custody('A13', who, '20260310110000');
    // The same time of release, said later: EVN-6 and PV1-45 as before, EVN-2 after the cancellation.
    const again = movement('A03', who, { at: '20260310090000' }).replace(
      'EVN|A03|20260310090000||||20260310090000',
      'EVN|A03|20260310120000||||20260310120000',
    );
    await site.take('prison-adt', again);
    const sent = await documentsBecome(who, 3);
    expect(sent.map((one) => one.split(' ')[0])).toEqual(['T02', 'T11', 'T02']);
    expect(held(sent)).toHaveLength(1);
  });

  it('told twice is sent once', async () => {
    const who = somebody(304);
    await custody('A01', who, '20260302101500');
    await custody('A03', who, '20260310090000');
    await custody('A03', who, '20260310090000');
    await site.settled();
    expect(documents(who)).toHaveLength(1);
  });

  it('of an earlier stay, told after the next has begun, is filed; results of the present stay are not sent out with it', async () => {
    const who = somebody(305);
    const again = { ...who, booking: `${who.booking}2` };
    await custody('A01', who, '20260302101500');
    await custody('A01', again, '20260307101500');
    const result = await site.take('pathology', report(who, { value: '155', status: 'P' }));
    await site.deliveriesBecome(result.id, ['confirmed']);
    await custody('A03', who, '20260305090000');
    await documentsBecome(who, 1);
    expect(
      [...site.receivers.leeds.received, ...site.receivers.hillLane.received].filter(({ bytes }) => fieldOf(bytes, 'OBX', 5) === '155'),
    ).toHaveLength(1);
  });
});

describe('★ D: open results at release', () => {
  it('not final ones and finals the practice never had go there; what came before the stay does not', async () => {
    const who = somebody(306);
    await custody('A01', who, '20260302101500');
    for (const [value, status] of [
      ['161', 'F'],
      ['162', 'P'],
    ] as const)
      await site.take('pathology', report(who, { value, status }));
    await custody('A03', who, '20260310090000');
    await documentsBecome(who, 1);
    await eventually(
      () => site.receivers.hillLane.received.filter(({ bytes }) => ['161', '162'].includes(fieldOf(bytes, 'OBX', 5))).length === 2,
    );
  });
});
