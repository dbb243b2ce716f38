import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { eventually } from '../support/eventually.ts';
import { freshId, letter, movement, pid, report, type Somebody, somebody } from '../support/example-messages.ts';
import { ExampleSite } from '../support/example-site.ts';
import { fieldOf } from '../support/mllp-bytes.ts';
import type { MllpReceiver } from '../support/mllp-receiver.ts';

/** What must never happen to a record on its way, on a real daemon: one test for each ruling that guards a patient. */

/** A pharmacy's feed: one medicine an order, its status where it states one. */
const PHARMACY = `mapping: tests/medicines
format: 1
direction: inbound
describes: Medicines of a pharmacy
hl7: 2.5.1
match:
  source: prison-adt
  message: RDE^O11
zone: Europe/London
asOf: MSH-7 | dateTime
identify:
  set:
    prisonNumber: PID-3[5 = PI].1 | upper | only
records:
  - record: medication
    each: ORDER[*]
    keys:
      order: ORC-2.1
    set:
      code: RXE-2 | coding | required
      status: ORC-5 | map(IP = active, CM = completed, DC = stopped)
`;
/** Conditions that no one can see through by trying every value: both are true of most reports. */
const OPAQUE = ['code.display', 'code.originalText', 'category', 'conclusion', 'notes', 'effectiveAt', 'issuedAt', 'requester.id'];
const opaque = (name: string): string => `mapping: tests/${name}
format: 1
direction: outbound
describes: One of two that may both render a report
for: report
when: ${OPAQUE.map((path) => `report.${path} != ${name}`).join(' and ')}
output:
  kind: text
sections:
  - show:
      - Id: report.id
`;

let site: ExampleSite;
beforeAll(async () => {
  site = await ExampleSite.open({
    mappings: { 'medicines.map.yaml': PHARMACY, 'one.map.yaml': opaque('one'), 'two.map.yaml': opaque('two') },
    config: (yaml) => yaml.replace('gp/letter-text-cancel, gp/result-text]', 'gp/letter-text-cancel, tests/one, tests/two]'),
  });
});
afterAll(() => site.close());
afterEach(() => site.settled());

const QUAY = 'QUAY PRACTICE^^Y99002';
const received = (who: Somebody, lines = '') => site.take('prison-adt', movement('A01', who) + lines);
const released = (who: Somebody, at = '20260320093000') => site.take('prison-adt', movement('A03', who, { at }));
const arrived = (receiver: MllpReceiver, who: Somebody, type: string): readonly Buffer[] =>
  receiver.received.filter(({ bytes }) => bytes.includes(who.nhs) && fieldOf(bytes, 'MSH', 9).startsWith(type)).map(({ bytes }) => bytes);
const summaryOf = async (who: Somebody): Promise<string> => {
  const [document] = await eventually(
    () => arrived(site.receivers.hillLane, who, 'MDM^T02'),
    (found) => found.length > 0,
    { what: 'the summary' },
  );
  return Buffer.from(fieldOf(document ?? '', 'OBX', 5).split('^')[4] ?? '', 'base64').toString('utf8');
};
const fields = (message: Buffer, segment: string, n: number): readonly string[] =>
  message
    .toString('latin1')
    .split('\r')
    .filter((line) => line.startsWith(`${segment}|`))
    .map((line) => line.split('|')[n] ?? '');

describe('★ C.29: the summary at release', () => {
  const medicines = (who: Somebody, ...orders: readonly (readonly [code: string, status: string])[]): string =>
    [
      `MSH|^~\\&|PHARM|LEI|THROUGHCARE|TC|20260304100000||RDE^O11^RDE_O11|${freshId()}|T|2.5.1|||||GBR|UNICODE UTF-8`,
      pid(who),
      ...orders.flatMap(([code, status], index) => [
        `ORC|NW|${who.booking}-${index}|||${status}`,
        `RXE||M${index}^${code}^99LOCAL|1||MG`,
        'RXR|PO',
      ]),
      '',
    ].join('\r');

  it('names every current allergy and every current medicine, also one whose status nobody stated', async () => {
    const who = somebody(501);
    await received(who, 'AL1|1|DA|91936005^Allergy to penicillin^SCT\rAL1|2|FA|91935009^Allergy to peanut^SCT\r');
    await site.take('prison-adt', medicines(who, ['Carbamazepine 400 mg', ''], ['Clopidogrel 75 mg', 'IP'], ['Amoxicillin 500 mg', 'CM']));
    await released(who);
    const summary = await summaryOf(who);
    for (const one of ['Allergy to penicillin', 'Allergy to peanut', 'Carbamazepine 400 mg', 'Clopidogrel 75 mg'])
      expect(summary).toContain(one);
    expect(summary).not.toContain('Amoxicillin');
  });

  it('names twenty-three medicines where there are twenty-three (domain trap 15)', async () => {
    const who = somebody(502);
    await received(who);
    const orders = Array.from({ length: 23 }, (_, index) => [`Medicine-${index + 1} mg`, ''] as const);
    await site.take('prison-adt', medicines(who, ...orders));
    await released(who);
    const summary = await summaryOf(who);
    expect(orders.filter(([code]) => !summary.includes(code))).toEqual([]);
  });
});

describe('★ C.30: a document that was withdrawn', () => {
  const sent = (who: Somebody): readonly string[] =>
    [...arrived(site.receivers.leeds, who, 'MDM')].map((bytes) => fieldOf(bytes, 'MSH', 9).split('^')[1] ?? '');

  it('goes out as a withdrawal under the same id, and is never new again', async () => {
    const who = somebody(503);
    await received(who);
    await site.drop(letter(who, 'T02', 'W503', 'a letter'));
    await site.drop(letter(who, 'T11', 'W503', '', { at: '20260306120000' }));
    await site.drop(letter(who, 'T02', 'W503', 'a letter'));
    await site.settled();
    expect(sent(who)).toEqual(['T02', 'T11']);
    const ids = arrived(site.receivers.leeds, who, 'MDM').map((bytes) => fieldOf(bytes, 'TXA', 12));
    expect(new Set(ids).size).toBe(1);
  });

  it('before it came is not sent when it comes', async () => {
    const who = somebody(504);
    await received(who);
    await site.drop(letter(who, 'T11', 'W504', '', { at: '20260306120000' }));
    const late = await site.drop(letter(who, 'T02', 'W504', 'a letter'));
    await site.settled();
    expect([late.state, late.reason]).toEqual(['processed', null]);
    expect(sent(who)).toEqual([]);
  });
});

describe('★ C.31: two mappings that both render one record', () => {
  it('where no check could prove it, hold it rather than choose', async () => {
    const who = somebody(505, QUAY);
    await received(who);
    await released(who);
    const result = await site.take('pathology', report(who, { at: '20260322120000' }));
    const [hold] = await site.holds(result.id);
    expect(hold).toMatchObject({ reason: 'no-rendering', say: 'several mappings render it' });
  });
});

describe('★ C.32: a result taken back', () => {
  it('has its report sent, with OBX-11 = D for that result and the others as they are', async () => {
    const who = somebody(506);
    await received(who);
    const OTHER = 'OBX|2|NM|1017401000000109^Serum potassium level^SCT||4.1|mmol/L|||||F|||20260303091500\r';
    await site.take('pathology', report(who, { order: 'R506' }) + OTHER);
    // The second result is taken back; of the report itself nothing changes.
    await site.take('pathology', report(who, { order: 'R506' }) + OTHER.replace('|F|||', '|D|||'));
    const [, second] = await eventually(
      () => arrived(site.receivers.leeds, who, 'ORU'),
      (found) => found.length === 2,
    );
    expect(fields(second ?? Buffer.alloc(0), 'OBX', 11)).toEqual(['F', 'D']);
    expect(fields(second ?? Buffer.alloc(0), 'OBR', 25)).toEqual(['F']);
  });
});

describe('★ D: who makes the summary', () => {
  const files = async (): Promise<readonly string[]> => {
    const folder = join(site.folder, 'data/out/gp-quay');
    const names = (await readdir(folder)).filter((name) => !name.startsWith('.'));
    return Promise.all(names.map((name) => readFile(join(folder, name), 'utf8')));
  };

  it('the leader, at release: MDM carries it to one practice, a folder gets the text alone, its withdrawal too', async () => {
    const [byMessage, byFile] = [somebody(507), somebody(508, QUAY)];
    for (const who of [byMessage, byFile]) {
      await received(who);
      await released(who);
    }
    expect(await summaryOf(byMessage)).toContain('RELEASE SUMMARY');
    const about = async () => (await files()).filter((text) => text.includes(byFile.family));
    const [text] = await eventually(about, (found) => found.length === 1);
    expect(text).toContain('RELEASE SUMMARY');
    expect(text).not.toContain('MSH|');
    await site.take('prison-adt', movement('A13', byFile, { at: '20260320110000' }));
    const both = await eventually(about, (found) => found.length === 2);
    expect(both.filter((one) => one.includes('DOCUMENT WITHDRAWN'))).toHaveLength(1);
  });
});
