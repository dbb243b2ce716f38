import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { ExampleSite, journeyMessage, type Source } from '../support/example-site.ts';
import { fieldOf } from '../support/mllp-bytes.ts';

/**
 * The same messages, mappings, directory and state give the same records, routes and bytes (guarantee 10): two sites with the same keys
 * are sent the same in the same order.
 */

const FOLDER = join(__dirname, '../../demo/site/messages');
const SOURCES: Readonly<Record<string, Source>> = { NOMIS: 'prison-adt', LIMS: 'pathology' };

interface Outcome {
  readonly outcomes: unknown;
  readonly records: readonly string[];
  readonly decisions: readonly string[];
  readonly routes: unknown;
  readonly sent: Readonly<Record<string, readonly string[]>>;
}

/** When a message was received is part of it: the one thing that two sites cannot have alike. Any other time would be the clock's. */
const received = async (site: ExampleSite): Promise<(text: string) => string> => {
  const rows = await site.db.database.query<{ id: number; received: Date }>('select id, received from message order by id');
  return (text) =>
    rows.reduce((left, { id, received: at }) => {
      const iso = at.toISOString();
      const hl7 = `${iso.replaceAll(/[-:TZ]/g, '')}+0000`;
      return left.replaceAll(iso, `(received ${id})`).replaceAll(hl7, `(received ${id})`);
    }, text);
};

const play = async (site: ExampleSite): Promise<void> => {
  let sent = 0;
  for (const file of (await readdir(FOLDER)).sort()) {
    const message = await journeyMessage(file.replace('.hl7', ''));
    const source = SOURCES[fieldOf(message, 'MSH', 3)];
    if (source === undefined) continue;
    await site.send(source, message);
    await site.decided(await site.newest(source));
    sent += 1;
  }
  expect(sent).toBeGreaterThan(10);
  await site.settled();
};

const outcomeOf = async (site: ExampleSite): Promise<Outcome> => {
  const { database, vault } = site.db;
  const timeless = await received(site);
  const records = await database.query<{ uuid: string; key_id: number; body: Buffer; item: number; state: number }>(
    'select i.uuid, i.state, r.id, r.key_id, r.body from record r join record_item i on i.id = r.item_id order by i.uuid, r.message_id, r.part',
  );
  const decisions = await database.query<{ message_id: number; part: number; key_id: number; body: Buffer }>(
    'select message_id, part, key_id, body from decision order by 1, 2',
  );
  const receivers = Object.entries(site.receivers);
  return {
    outcomes: await database.query('select message_id, outcome, reason, rule, deliveries from message_outcome order by 1'),
    records: records.map((row) => `${row.uuid} ${row.state} ${timeless(vault.unseal(row.key_id, row.body, row.uuid).toString())}`),
    decisions: decisions.map(
      (row) => `${row.message_id} ${timeless(vault.unseal(row.key_id, row.body, `decision:${row.message_id}:${row.part}`).toString())}`,
    ),
    routes: await database.query(
      'select d.message_id, d.part, n.name, d.route, d.role, d.transport_key, d.mapping_version, d.directory_version from delivery d join destination n on n.id = d.destination_id order by d.message_id, d.transport_key',
    ),
    sent: Object.fromEntries(
      receivers.map(([name, { received: taken }]) => [name, taken.map(({ bytes }) => timeless(bytes.toString('latin1'))).sort()]),
    ),
  };
};

it('★ the same in the same order gives the same records, decisions, routes and bytes', async () => {
  const one = await ExampleSite.open();
  try {
    const other = await ExampleSite.open({ keys: one.db.keys });
    try {
      await Promise.all([play(one), play(other)]);
      const [first, second] = [await outcomeOf(one), await outcomeOf(other)];
      expect(first.records.length).toBeGreaterThan(20);
      expect(Object.values(first.sent).flat().length).toBeGreaterThan(8);
      expect(second).toEqual(first);
    } finally {
      await other.close();
    }
  } finally {
    await one.close();
  }
});
