import { join } from 'node:path';
import { assemble, readPlanFiles } from '../../../daemon/load-plan.ts';
import { recheck } from '../../../pipeline/dispatch/recheck.ts';
import type { Addressing, Plan } from '../../../pipeline/plan/plan.ts';
import type { DestinationId, DestinationName, SourceId, SourceName } from '../../../records/ids.ts';
import { brandAs } from '../../../records/ids.ts';
import { ADDRESS_AGAIN, type ClaimedDelivery } from '../../../records/lanes.ts';
import type { OutboundDelivery } from '../../../records/ports.ts';
import { ROLES } from '../../../routing/roles.ts';
import { createContentStore } from '../../../store/content.ts';
import { HotBytes } from '../../../store/hot-bytes.ts';
import { createLaneStore } from '../../../store/lanes/lane-store.ts';
import { createRecheckStore } from '../../../store/process/recheck-store.ts';
import { Systems } from '../../../store/process/systems.ts';
import { movement, report, type Somebody, somebody } from '../../support/example-messages.ts';
import { ExampleSite, loaded } from '../../support/example-site.ts';
import { enterTestDaemon } from '../../support/lanes.ts';

/**
 * How a delivery is addressed when it is written, and written anew. The example site's practice, as if it were reached by MESH: nothing
 * but what its plan says of addressing is another.
 */

const PRACTICE = 'gp-hill-lane';
let site: ExampleSite;
beforeAll(async () => {
  site = await ExampleSite.open();
  await site.pause(PRACTICE);
});
afterAll(() => site.close());

const idsOf = async <Id>(table: 'source' | 'destination'): Promise<Map<string, Id>> =>
  new Map((await site.db.database.query<{ id: Id; name: string }>(`select id, name from ${table}`)).map((row) => [row.name, row.id]));

const planWith = async (addressing: Addressing): Promise<Plan> => {
  const config = loaded(join(site.folder, 'throughcare.yaml'));
  const { plan } = assemble(
    config,
    await readPlanFiles(config),
    (await idsOf<SourceId>('source')) as Map<SourceName, SourceId>,
    (await idsOf<DestinationId>('destination')) as Map<DestinationName, DestinationId>,
  );
  if (plan === undefined) throw new RangeError('the site’s configuration is wrong');
  const destinations = [...plan.destinations].map(([name, one]) => [name, name === PRACTICE ? { ...one, addressing } : one] as const);
  return { ...plan, destinations: new Map(destinations) };
};

/** A result for the practice of somebody who was released, claimed as a sender would. */
const claimed = async (who: Somebody): Promise<ClaimedDelivery> => {
  const { database } = site.db;
  const reception = await site.take('prison-adt', movement('A01', who));
  await site.deliveriesBecome(reception.id, ['confirmed']);
  await site.take('prison-adt', movement('A03', who, { at: '20260320093000' }));
  const result = await site.take('pathology', report(who, { at: '20260321093000', value: '139' }));
  const [row] = (await site.deliveries(result.id)).filter(({ destination }) => destination === PRACTICE);
  if (row === undefined) throw new RangeError('nothing for the practice');
  // What waits before it is none of this test's.
  await database.query("update delivery set state = 3, withdrawn = 'operator', done = now() where lane_id = $1 and id < $2", [
    row.lane,
    row.id,
  ]);
  const [lane] = await database.query<{ token: ClaimedDelivery['token'] }>(
    `update lane set head = $2, phase = 2, token = token + 1, claimed_by = $3, claimed_until = now() + interval '1 minute' where id = $1 returning token`,
    [row.lane, row.id, await enterTestDaemon(database)],
  );
  if (lane === undefined) throw new RangeError('no lane');
  const [found] = await (await lanes()).load([{ lane: row.lane, delivery: row.id, token: lane.token, priority: 3, attempts: 0 }]);
  if (found === undefined) throw new RangeError('not loaded');
  return found;
};

const lanes = async () => {
  const { database, vault } = site.db;
  const daemon = await enterTestDaemon(database);
  return createLaneStore({ database, vault, content: createContentStore(database, vault), filed: new HotBytes(), roles: ROLES, daemon });
};

const check = async (plan: Plan, delivery: ClaimedDelivery) => {
  const { database, vault } = site.db;
  const systems = new Systems();
  await systems.ensure(database, plan.systems);
  return recheck(
    {
      store: createRecheckStore(database, vault, systems),
      plan: () => plan,
      names: {
        recordId: (parts) => vault.nameId(parts),
        transportKey: (parts) => vault.transportKey(parts),
        content: (bytes) => vault.contentName(bytes),
      },
      now: () => new Date(),
    },
    delivery,
  );
};

const newest = async ({ lane }: ClaimedDelivery): Promise<OutboundDelivery> => {
  const [row] = await site.db.database.query<{ id: ClaimedDelivery['delivery'] }>('select max(id) as id from delivery where lane_id = $1', [
    lane,
  ]);
  const store = await lanes();
  const [found] = row === undefined ? [] : await store.load([{ lane, delivery: row.id, token: brandAs(0), priority: 3, attempts: 0 }]);
  if (found === undefined) throw new RangeError('not loaded');
  return store.open(found);
};

const again = (delivery: ClaimedDelivery): ClaimedDelivery => ({ ...delivery, stale: true, decidedVersion: ADDRESS_AGAIN });

it('what was released because its address was wrong is addressed anew, by who the patient is now', async () => {
  const who = somebody(61);
  const delivery = await claimed(who);
  expect((await newest(delivery)).envelope).toEqual({});
  const plan = await planWith({ organisation: false, patient: true });
  expect((await check(plan, again(delivery))).verdict).toBe('replaced');
  const written = await newest(delivery);
  expect(written.id).toBeGreaterThan(delivery.delivery);
  expect(written.transportKey).toBe(delivery.transportKey);
  expect(written.envelope).toEqual({ patient: { nhsNumber: who.nhs, birthDate: '1981-04-12', familyName: who.family } });
  expect(written.bytes?.toString('latin1')).toContain('139');
});

it('is addressed to the organisation that the route chose', async () => {
  const delivery = await claimed(somebody(62));
  const plan = await planWith({ organisation: true, patient: false });
  expect((await check(plan, again(delivery))).verdict).toBe('replaced');
  expect((await newest(delivery)).envelope).toEqual({ recipientOds: 'Y99001' });
});

it('one that still stands is sent as it is; where one destination serves many, only to the same recipient', async () => {
  const delivery = { ...(await claimed(somebody(63))), stale: true };
  const one = await planWith({ organisation: false, patient: false });
  const many = await planWith({ organisation: true, patient: false });
  expect((await check(many, delivery)).verdict).toBe('go');
  // As it would be had it been filed for another practice.
  const other = { ...delivery, transportKey: brandAs<ClaimedDelivery['transportKey']>('KOTHERPRACTICEOTHER1') };
  expect((await check(one, other)).verdict).toBe('go');
  expect((await check(many, other)).verdict).toBe('replaced');
});

it('is held where the patient is not known well enough to be found by', async () => {
  const who = { ...somebody(64), birth: '' };
  const delivery = await claimed(who);
  const plan = await planWith({ organisation: false, patient: true });
  expect(await check(plan, again(delivery))).toEqual({ verdict: 'held', code: 'no-addressee' });
});
