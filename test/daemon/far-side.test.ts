import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Config } from '../../config/types.ts';
import { FarSide, farDestinations, farOf } from '../../daemon/far-side.ts';
import { brandAs, type DeliveryId, type DestinationId, type DestinationName } from '../../records/ids.ts';
import type { HeadResult } from '../../records/lanes.ts';
import { silent, type Telemetry } from '../../records/telemetry.ts';
import { revealReplies } from '../../store/lanes/reveal.ts';
import { traceMessage } from '../../store/trace.ts';
import { loaded } from '../support/example-site.ts';
import { enterTestDaemon, openLanes } from '../support/lanes.ts';
import { type Disposable, temporaryFolder } from '../support/temp.ts';

/** MESH destinations in a daemon: what is known of them, and who is told of what comes late. */

const DAY = 86_400_000;

let temp: Disposable;
beforeAll(async () => {
  temp = await temporaryFolder('far-side');
});
afterAll(() => temp.remove());

const config = async (): Promise<Config> => {
  await mkdir(join(temp.path, 'data'), { recursive: true });
  await writeFile(join(temp.path, 'directory.yaml'), 'organisations: []\n');
  const file = join(temp.path, 'throughcare.yaml');
  await writeFile(
    file,
    `site: far
environment: test
data: data
directory: directory.yaml
mappings: []
zone: Europe/London
mailboxes:
  main:
    id: X26OT001
    url: http://127.0.0.1:8700
    password: \${env:NOTHING:-secret}
    sharedKey: \${env:NOTHING:-shared}
    tracking: 1h
sources:
  inbox: {kind: mesh-api, mailbox: main}
  client: {kind: mesh-folder, path: beside, mailbox: X26OT003}
destinations:
  clinical:
    kind: mesh-api
    mailbox: main
    workflow: TOC_FHIR_IP_DISCH
    to: {by: mailbox, mailbox: X26OT002}
    confirmedBy: downloaded
    late: {downloaded: 5d, business: 2d}
    mappings: []
  beside:
    kind: mesh-folder
    path: beside
    mailbox: X26OT003
    workflow: W
    to: {by: mailbox, mailbox: X26OT002}
    confirmedBy: reported
    mappings: []
  legacy:
    kind: mesh-folder
    role: as-client
    path: legacy
    mailbox: X26OT004
    workflow: W
    to: {by: mailbox, mailbox: X26OT002}
    mappings: []
  plain:
    kind: folder
    path: out
    mappings: []
`,
  );
  return loaded(file).config;
};

const idsOf = (found: Config): ReadonlyMap<DestinationName, DestinationId> =>
  new Map([...found.destinations.keys()].map((name, index) => [name, brandAs<DestinationId>(index + 1)]));

it('knows of which destinations more is learned, by every name of their mailbox', async () => {
  const found = await config();
  expect(farDestinations(found, idsOf(found))).toEqual([
    {
      id: 1,
      name: 'clinical',
      mailboxes: ['main', 'X26OT001'],
      confirmedBy: 'downloaded',
      tracking: 3_600_000,
      late: { downloaded: 5 * DAY, business: 2 * DAY },
    },
    {
      id: 2,
      name: 'beside',
      mailboxes: ['X26OT003'],
      confirmedBy: 'reported',
      tracking: null,
      late: { downloaded: 5 * DAY, business: 2 * DAY },
    },
  ]);
  expect([...found.destinations.values()].map(farOf)).toEqual([
    { far: { confirmedBy: 'downloaded' } },
    { far: { confirmedBy: 'reported' } },
    {},
    {},
  ]);
});

it('tells on-call once of what is late, from one daemon of several, and shows it', async () => {
  const f = await openLanes({ transport: 'mesh-api', dedupable: false });
  try {
    const told: unknown[] = [];
    const gauges: unknown[] = [];
    const telemetry: Telemetry = {
      ...silent,
      warn: (name, facts) => told.push({ name, ...facts }),
      gauge: (name, value, labels) => gauges.push({ name, value, ...labels }),
    };
    let shift = 0;
    const { database, vault } = f.store;
    const daemonOf = async (): Promise<FarSide> => {
      const side = new FarSide({
        database,
        vault,
        daemon: await enterTestDaemon(database),
        telemetry,
        onHeads: () => undefined,
        intervalMs: 60_000,
        now: () => new Date(Date.now() + shift),
      });
      side.serve(farDestinations(await config(), new Map([[brandAs<DestinationName>('clinical'), f.destination]])));
      return side;
    };
    const [one, other] = [await daemonOf(), await daemonOf()];
    const sent: DeliveryId[] = [];
    for (const farId of ['F1', 'F2']) {
      const [head] = await f.file(await f.person());
      const [claim] = head === undefined ? [] : await f.claim(head);
      if (claim === undefined) throw new RangeError('not claimed');
      const { lane, delivery, token } = claim;
      const result: HeadResult = { lane, delivery, token, kind: 'delivered', confirmed: false, receiptCode: '202', farId };
      await f.lanes.turn(
        { ...f.outlet, far: { confirmedBy: 'downloaded' } },
        { results: [result], again: false, claims: [], next: 0, probe: false },
      );
      sent.push(delivery);
    }
    await one.look();
    shift = 6 * DAY;
    await other.look();
    expect(told).toEqual([]);
    await one.look();
    await one.look();
    expect(told).toEqual([{ name: 'delivery.overdue', destination: 'clinical', reason: 'not-collected', count: 2, delivery: sent[0] }]);
    expect(gauges.at(-1)).toEqual({ name: 'deliveries_overdue', value: 2, destination: 'clinical' });

    const [first] = sent;
    if (first === undefined) throw new RangeError('nothing was sent');
    await one.receipts.note(
      { mailbox: 'main', farId: 'F1' },
      {
        stage: 'reported',
        good: false,
        fault: 'patient-not-routed',
        receiptCode: 'EPL-153',
        reference: 'R1',
        words: Buffer.from('NHS number not found'),
      },
    );
    expect(told.at(-1)).not.toMatchObject({ name: 'delivery.turned-back' });
    const [row] = await database.query<{ message: Parameters<typeof traceMessage>[1] }>(
      'select message_id as message from delivery where id = $1',
      [first],
    );
    const steps = row === undefined ? null : await traceMessage(database, row.message);
    expect(steps?.filter(({ step }) => step === 'receipt').map(({ facts }) => facts)).toEqual([
      { delivery: first, stage: 'accepted', receipt: '202', good: 'yes', 'far-id': 'F1' },
      { delivery: first, stage: 'reported', receipt: 'EPL-153', good: 'no', code: 'patient-not-routed', 'far-id': 'F1' },
    ]);
    expect((await revealReplies(database, vault, first, { who: 'nurse', why: 'why?' })).map(({ text }) => text)).toEqual([
      'NHS number not found',
    ]);
  } finally {
    await f.close();
  }
});
