import { chance } from '../support/seed.ts';
import type { Claim, Evidence } from './evidence.ts';
import { Feed } from './feed.ts';
import { judge } from './judge.ts';
import type { Reception } from './receiver.ts';

type Editable<T> = { -readonly [K in keyof T]: T[K] extends readonly (infer I)[] ? Editable<I>[] : T[K] };
interface Made extends Omit<Editable<Evidence>, 'receptions'> {
  receptions: Map<'clinical' | 'archive', Editable<Reception>[]>;
}

const nth = <T>(list: readonly T[] | undefined, index: number): T => {
  const item = list?.at(index);
  if (item === undefined) throw new RangeError(`no item ${index}`);
  return item;
};
const hl7 = (key: string, patient: string, step: number): Buffer =>
  Buffer.from(`MSH|^~\\&|||||||ADT^A08|${key}|T|2.4\rPID|||${patient}\rPV1||I|${step}\r`);

/** A run of three messages about one patient that kept every promise: one second between messages, 10 ms for each sending. */
const sound = (): Made => {
  const feed = new Feed(chance(1), 'S', [1]);
  const messages = [feed.next(), feed.next(), feed.next()].map((message) => ({ ...message, broken: false, acknowledged: 1_000 }));
  const made: Made = {
    sent: messages,
    journal: messages.map(({ controlId, bytes }, n) => ({
      id: n + 1,
      controlId,
      bytes,
      duplicateOf: null,
      state: 'processed',
      reason: null,
    })),
    deliveries: [],
    claims: [],
    receptions: new Map([
      ['clinical', []],
      ['archive', []],
    ]),
    files: [],
    lives: [
      { via: 0, pid: 100, from: 0, until: undefined },
      { via: 1, pid: 200, from: 0, until: undefined },
    ],
    laneFaults: [],
    imbalances: [],
  };
  for (const [n, { patient, step }] of messages.entries()) {
    for (const [lane, destination] of (['clinical', 'archive', 'filing'] as const).entries()) {
      const id = n * 3 + lane + 1;
      const key = `K${id}`;
      const at = 10_000 + n * 1_000;
      const filing = destination === 'filing';
      const payload = filing ? Buffer.from(`Referral\n\nPerson: ${patient}\nStep:   ${step}\n`) : hl7(key, patient, step);
      made.deliveries.push({ id, message: n + 1, lane, destination, key, view: filing ? 'handed-over' : 'confirmed', payload });
      made.claims.push({ lane, delivery: id, token: n + 1, pid: 100, at, until: at + 500 });
      if (filing) made.files.push({ name: `${key}.txt`, bytes: payload, named: BigInt(at) });
      else
        made.receptions.get(destination)?.push({ via: 0, key, patient, step, bytes: payload, at: at + 5, until: at + 15, answered: true });
    }
  }
  return made;
};

const broken = (change: (made: Made) => void): readonly string[] => {
  const made = sound();
  change(made);
  return judge(made).violations;
};
const clinical = (made: Made): Editable<Reception>[] => made.receptions.get('clinical') ?? [];
const cutShort = (made: Made, bytes: Buffer) =>
  made.journal.push({ id: 9, controlId: null, bytes, duplicateOf: null, state: 'rejected', reason: 'incomplete-frame' });
/** Daemon 2 takes the first clinical delivery over under a new token and sends it, `after` ms after daemon 1 began; daemon 1 takes 900 ms to be answered. */
const takeOver = (made: Made, after: number): { readonly first: Editable<Claim>; readonly second: Editable<Claim> } => {
  const reception = nth(clinical(made), 0);
  const first = nth(made.claims, 0);
  reception.until = reception.at + 900;
  const second = { ...first, token: 1.5, pid: 200, at: reception.at + after - 2, until: reception.at + after + 498 };
  made.claims.push(second);
  clinical(made).splice(1, 0, { ...reception, via: 1, at: reception.at + after, until: reception.at + after + 5 });
  return { first, second };
};

describe('the judge of the conservation test', () => {
  it('finds nothing in a run that kept every promise', () => {
    expect(judge(sound())).toMatchObject({ violations: [], counts: { sent: 3, deliveries: 9, arrived: 9, receptions: 6, files: 3 } });
  });

  it('takes a message for kept that is held because daemons died over it', () => {
    const made = sound();
    Object.assign(nth(made.journal, 2), { state: 'held', reason: 'poison' });
    made.lives.push(...[300, 301, 302].map((pid) => ({ via: 0, pid, from: 0, until: 1 })));
    made.deliveries.splice(6, 3);
    made.claims.splice(6, 3);
    made.files.splice(2, 1);
    for (const receptions of made.receptions.values()) receptions.splice(2, 1);
    expect(judge(made)).toMatchObject({ violations: [], counts: { 'held because daemons died over them': 1, 'held by their mapping': 0 } });
  });

  it.each<[string, RegExp, (made: Made) => void]>([
    ['a message lost from the journal', /acknowledged and not in the journal/, (made) => made.journal.splice(1, 1)],
    ['a message journalled twice', /2 times in the journal/, (made) => made.journal.push({ ...nth(made.journal, 0), id: 9 })],
    ['changed bytes in the journal', /journal holds other bytes/, (made) => (nth(made.journal, 0).bytes = Buffer.from('MSH'))],
    ['a message nobody sent', /never sent/, (made) => made.journal.push({ ...nth(made.journal, 0), id: 9, controlId: 'X' })],
    ['the beginning of a message nobody sent', /never sent/, (made) => void cutShort(made, Buffer.from('MSH|^~\\&|X'))],
    ['a message left unprocessed', /not processed/, (made) => (nth(made.journal, 2).state = 'unprocessed')],
    ['a sound message held', /not processed: .* held/, (made) => (nth(made.journal, 2).state = 'held')],
    [
      'a message held as poison though no daemon died',
      /only 0 daemons died/,
      (made) => Object.assign(nth(made.journal, 2), { state: 'held', reason: 'poison' }),
    ],
    ['a broken message that was processed', /should be held/, (made) => (nth(made.sent, 2).broken = true)],
    ['a delivery never filed', /filed for \[archive,filing\]/, (made) => made.deliveries.splice(0, 1)],
    [
      'a message filed twice for one destination',
      /filed for/,
      (made) => made.deliveries.push({ ...nth(made.deliveries, 0), id: 99, key: 'K99' }),
    ],
    ['a confirmed delivery that never arrived', /never arrived/, (made) => clinical(made).splice(2, 1)],
    ['a file that never arrived', /never arrived/, (made) => made.files.splice(0, 1)],
    ['a stranded delivery', /is waiting/, (made) => (nth(made.deliveries, 8).view = 'waiting')],
    ['a changed payload', /other bytes than were rendered/, (made) => (nth(clinical(made), 0).bytes = Buffer.from('MSH|x'))],
    ['one patient’s data under another’s key', /tells of A9999BC/, (made) => (nth(clinical(made), 0).patient = 'A9999BC')],
    ['the same step again under another key', /no delivery/, (made) => clinical(made).push({ ...nth(clinical(made), 2), key: 'K77' })],
    ['a payload at the wrong receiver', /should have/, (made) => made.receptions.get('archive')?.push(nth(clinical(made), 2))],
    ['the order of a lane broken', /after step 2/, (made) => clinical(made).push(...clinical(made).splice(0, 1))],
    ['the order of files broken', /filing: .* step 0 after step 2/, (made) => (nth(made.files, 0).named = 99_999n)],
    ['a leftover temporary file', /no delivery/, (made) => made.files.push({ ...nth(made.files, 0), name: '.K1.txt.2.part' })],
    ['a sending without a claim', /without a claim/, (made) => made.claims.splice(0, 1)],
    ['a sending under another daemon’s claim', /without a claim/, (made) => (nth(clinical(made), 0).via = 1)],
    ['a lane that does not follow from its deliveries', /lane: 4: head/, (made) => made.laneFaults.push('4: head')],
    ['a line that does not balance', /out of balance/, (made) => made.imbalances.push('{}')],
    ['two senders at once while the first claim holds', /two at once/, (made) => void takeOver(made, 100)],
    [
      'a sending after the right has passed on',
      /sent under token 1 after token 1.5/,
      (made) => {
        const { second } = takeOver(made, 100);
        second.at -= 200;
      },
    ],
  ])('finds %s', (_, expected, change) => {
    expect(broken(change)).toEqual(expect.arrayContaining([expect.stringMatching(expected)]));
  });

  it('allows for the beginning of a message whose sender was cut off', () => {
    expect(broken((made) => void cutShort(made, nth(made.sent, 1).bytes.subarray(0, 200)))).toEqual([]);
  });

  it('excuses a second sender once the claim of the first ran out, or its daemon was killed', () => {
    expect(broken((made) => void takeOver(made, 600))).toEqual([]);
    expect(
      broken((made) => {
        takeOver(made, 100);
        nth(made.lives, 0).until = nth(clinical(made), 0).at + 90;
        // What the killed daemon would have sent later, its next life sends.
        made.lives.push({ via: 0, pid: 101, from: 10_200, until: undefined });
        for (const claim of made.claims) if (claim.at > 10_200) claim.pid = 101;
      }),
    ).toEqual([]);
  });

  it('counts what is held, and what waits behind it, as accounted for', () => {
    const made = sound();
    nth(made.deliveries, 2).view = 'held';
    nth(made.deliveries, 5).view = 'waiting';
    nth(made.deliveries, 8).view = 'waiting';
    made.files = [];
    expect(judge(made)).toMatchObject({ violations: [], counts: { arrived: 6, 'held deliveries': 1, 'waiting behind them': 2 } });
  });
});
