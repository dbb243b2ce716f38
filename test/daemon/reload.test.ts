import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { brandAs, type DestinationName } from '../../records/ids.ts';
import { listDeliveries } from '../../store/lanes/views.ts';
import { DaemonProcess } from '../support/daemon-process.ts';
import { eventually } from '../support/eventually.ts';
import { freshId, movement, somebody } from '../support/example-messages.ts';
import { freePort } from '../support/free-port.ts';
import { MllpClient } from '../support/mllp-client.ts';
import { MllpReceiver } from '../support/mllp-receiver.ts';
import { ProcessSite } from '../support/process-site.ts';

/** SIGHUP to the real daemon: what changed is opened, closed and opened again; nothing else is touched, and nothing in hand is lost. */

let site: ProcessSite;
let daemon: DaemonProcess;
let near: MllpReceiver;
let far: MllpReceiver;
const ports = { stay: 0, goes: 0, extra: 0 };
const clients: MllpClient[] = [];

interface Shape {
  readonly sources: Readonly<Record<string, string>>;
  readonly destinations: Readonly<Record<string, string>>;
  readonly to: string;
}
const mllpSource = (port: number, more = ''): string => `{ kind: mllp, listen: '127.0.0.1:${port}'${more} }`;
const mllpDestination = (port: number, more = ''): string =>
  `{ kind: mllp, host: 127.0.0.1, port: ${port}, connections: 1, mappings: [faults/movement-out], retry: { first: 50ms, most: 200ms }${more} }`;
const yaml = ({ sources, destinations, to }: Shape): string => {
  const lines = (of: Readonly<Record<string, string>>): string =>
    Object.entries(of)
      .map(([name, settings]) => `  ${name}: ${settings}\n`)
      .join('');
  return `sources:
${lines(sources)}destinations:
${lines(destinations)}routes:
  - { name: movements, when: kind = custody, to: ${to} }
  - { name: kept, file: not sent }
`;
};
const base = (): Shape => ({
  sources: { stay: mllpSource(ports.stay), goes: mllpSource(ports.goes) },
  destinations: { near: mllpDestination(near.port), spare: mllpDestination(far.port) },
  to: 'near',
});

let reloads = 0;
let refusals = 0;
const hangUp = async (shape: Shape): Promise<void> => {
  await site.write(yaml(shape));
  daemon.signal('SIGHUP');
};
const reload = async (shape: Shape): Promise<void> => {
  await hangUp(shape);
  await daemon.logged('config.reloaded', ++reloads);
};
const refused = async (): Promise<void> => {
  await daemon.logged('config.refused', ++refusals);
};
/** Findings are told one by one behind the refusal. */
const found = (code: string): boolean => daemon.log.some((line) => line.event === 'config.finding' && line.code === code);
const connect = async (port: number): Promise<MllpClient> => {
  const client = await MllpClient.open(port);
  clients.push(client);
  return client;
};
let people = 300;
const message = (id = freshId()): string => movement('A01', somebody(++people), { id });
const arrived = (receiver: MllpReceiver, text: string): boolean => receiver.received.some(({ bytes }) => bytes.includes(text));
/** Sends one over the client and waits until the receiver has it. */
const passes = async (client: MllpClient, receiver: MllpReceiver): Promise<void> => {
  const who = somebody(++people);
  expect((await client.send(movement('A01', who))).code).toBe('AA');
  await eventually(
    () => arrived(receiver, who.prison),
    (there) => there,
    { what: 'its delivery' },
  );
};
/** Nothing was sent twice and everything has left. */
const allLeft = async (): Promise<void> => {
  await eventually(
    () => listDeliveries(site.db.database, { limit: 1_000 }),
    (rows) => rows.every(({ view }) => view === 'confirmed' || view === 'handed-over'),
    { what: 'everything to leave' },
  );
  const ids = [...near.received, ...far.received].map(({ controlId }) => controlId);
  expect(new Set(ids).size).toBe(ids.length);
};

beforeAll(async () => {
  near = await MllpReceiver.listen();
  far = await MllpReceiver.listen();
  for (const name of ['stay', 'goes', 'extra'] as const) ports[name] = await freePort();
  site = await ProcessSite.open(yaml(base()));
  daemon = await DaemonProcess.start(site.config);
});
afterEach(async () => {
  near.script = () => ({ do: 'answer' });
  far.script = () => ({ do: 'answer' });
  for (const client of clients.splice(0)) client.destroy();
  await reload(base());
  await allLeft();
});
afterAll(async () => {
  await daemon?.stop();
  await Promise.all([near.close(), far.close()]);
  await site.close();
});

describe('sources', () => {
  it('that are added are opened, that are removed are closed; a connection of one that stays is not touched', async () => {
    const kept = await connect(ports.stay);
    const idle = await connect(ports.goes);
    await passes(kept, near);
    const folder = join(site.folder, 'inbox');
    await mkdir(folder);
    await reload({
      ...base(),
      sources: {
        stay: mllpSource(ports.stay),
        extra: mllpSource(ports.extra),
        inbox: `{ kind: folder, path: ${folder}, ready: rename, interval: 50ms }`,
      },
    });
    await idle.whenClosed();
    await expect(MllpClient.open(ports.goes)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    await passes(await connect(ports.extra), near);
    const who = somebody(++people);
    await writeFile(join(folder, 'one.hl7'), movement('A01', who));
    await eventually(() => arrived(near, who.prison));
    await passes(kept, near);
    expect(kept.closed).toBe(false);
    expect(Object.keys((await site.ready()).checks)).toEqual(expect.arrayContaining(['source stay', 'source extra', 'source inbox']));
    expect(Object.keys((await site.ready()).checks)).not.toContain('source goes');
    await reload(base());
    const late = join(folder, 'two.hl7');
    await writeFile(late, message());
    await passes(kept, near);
    expect(await readdir(folder)).toContain('two.hl7');
  });

  it('whose receipt checks alone change keep their port and their connections', async () => {
    const kept = await connect(ports.stay);
    await passes(kept, near);
    await reload({ ...base(), sources: { ...base().sources, stay: mllpSource(ports.stay, ", accept: ['ADT^A08']") } });
    expect((await kept.send(message())).code).toBe('AR');
    expect(kept.closed).toBe(false);
  });

  it('★ that are opened again answer what they had in hand, on the connection it came by', async () => {
    const client = await connect(ports.stay);
    const elsewhere = await connect(ports.goes);
    let release = (): void => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    // While this lock is held no message can be committed: what is sent now is in hand.
    let locked = (): void => {};
    const isLocked = new Promise<void>((resolve) => {
      locked = resolve;
    });
    const holding = site.db.database.inTransaction(
      async (tx) => {
        await tx.query('lock table message_key in access exclusive mode');
        locked();
        await held;
      },
      { timeout: 20_000 },
    );
    await isLocked;
    const who = somebody(++people);
    const answer = client.send(movement('A01', who));
    await hangUp({ ...base(), sources: { ...base().sources, stay: mllpSource(ports.stay, ', idle: 10m') } });
    // The new listener is up on the same port while the old connection still waits for its answer.
    const [already] = [daemon.log.filter(({ event, source }) => event === 'source.listening' && source === 'stay').length];
    await eventually(
      () => daemon.log.filter(({ event, source }) => event === 'source.listening' && source === 'stay').length,
      (count) => count > Math.max(0, already - 1),
    );
    release();
    await holding;
    expect((await answer).code).toBe('AA');
    await daemon.logged('config.reloaded', ++reloads);
    await client.whenClosed();
    await eventually(() => arrived(near, who.prison));
    await passes(await connect(ports.stay), near);
    await passes(elsewhere, near);
  });

  it('may change ports with each other', async () => {
    await reload({ ...base(), sources: { stay: mllpSource(ports.goes), goes: mllpSource(ports.stay) } });
    await passes(await connect(ports.stay), near);
    const { checks } = await site.ready();
    expect(checks['source goes']?.detail).toBe(`mllp 127.0.0.1:${ports.stay}`);
  });
});

describe('destinations', () => {
  it('★ that change finish what they send; what follows goes the new way, in order, and others keep their connection', async () => {
    const client = await connect(ports.stay);
    await reload({ ...base(), to: 'spare' });
    await passes(client, far);
    await reload(base());
    await passes(client, near);
    const [farConnections, sentFar] = [far.connections, far.received.length];
    near.script = () => ({ do: 'answer', afterMs: 1_500 });
    const first = somebody(++people);
    await client.send(movement('A01', first));
    await eventually(() => arrived(near, first.prison));
    // In the air now, at the old receiver.
    const other = await MllpReceiver.listen();
    try {
      await reload({ ...base(), destinations: { ...base().destinations, near: mllpDestination(other.port) } });
      await client.send(movement('A08', first, { at: '20260302111500' }));
      await eventually(() => arrived(other, first.prison));
      expect(near.received.filter(({ bytes }) => bytes.includes(first.prison))).toHaveLength(1);
      expect(near.received.at(-1)?.answeredAt).toBeDefined();
      expect([far.connections, far.received.length]).toEqual([farConnections, sentFar]);
      await allLeft();
    } finally {
      await reload(base());
      await other.close();
    }
  });

  it('that are added are sent to; what waits for one that is removed waits until it is back', async () => {
    const client = await connect(ports.stay);
    const file = join(site.folder, 'outbox');
    await mkdir(file);
    const folder = `{ kind: folder, path: ${file}, mappings: [faults/movement-out] }`;
    await reload({ ...base(), destinations: { ...base().destinations, outbox: folder }, to: 'outbox' });
    await client.send(message());
    await eventually(
      () => readdir(file),
      (names) => names.length === 1,
    );
    near.script = () => ({ do: 'answer', code: 'AE' });
    await reload({ ...base(), destinations: { ...base().destinations, near: mllpDestination(near.port, ', onError: retry') } });
    await client.send(message());
    await eventually(
      () => listDeliveries(site.db.database, { destination: brandAs<DestinationName>('near'), view: 'waiting' }),
      (rows) => rows.length === 1,
    );
    await reload({ ...base(), destinations: { spare: mllpDestination(far.port) }, to: 'spare' });
    expect(await daemon.logged('destination.left-behind')).toMatchObject({ destination: 'near' });
    near.script = () => ({ do: 'answer' });
    await passes(client, far);
    expect(await listDeliveries(site.db.database, { destination: brandAs<DestinationName>('near'), view: 'waiting' })).toHaveLength(1);
    // Refused ones are sent again, and more than once.
    near.received.splice(0);
    // Back in the configuration, it is sent.
    await reload({ ...base(), destinations: { ...base().destinations, outbox: folder } });
    await eventually(
      () => listDeliveries(site.db.database, { destination: brandAs<DestinationName>('near'), view: 'waiting' }),
      (rows) => rows.length === 0,
    );
  });
});

describe('a reload that cannot be taken over', () => {
  const occupied = async (): Promise<{ readonly port: number; readonly server: Server }> => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    return { server, port: typeof address === 'object' && address !== null ? address.port : 0 };
  };

  it('★ for a port that is taken keeps the old, whole, and raises the alarm until one succeeds', async () => {
    const { server, port } = await occupied();
    const kept = await connect(ports.goes);
    // `stay` has to give way for its own port before `extra` fails: it must come back as it was.
    await hangUp({
      sources: { stay: mllpSource(ports.stay, ", idle: 9m, accept: ['ADT^A08']"), goes: mllpSource(ports.goes), extra: mllpSource(port) },
      destinations: { near: mllpDestination(far.port), spare: mllpDestination(far.port) },
      to: 'spare',
    });
    await refused();
    await eventually(() => found('cannot-open'));
    expect(daemon.log.filter(({ event }) => event === 'source.listen-failed').at(-1)).toMatchObject({ source: 'extra' });
    await passes(kept, near);
    await passes(await connect(ports.stay), near);
    const { status, checks } = await site.ready();
    expect([status, checks.configuration]).toMatchObject([200, { ready: true, code: 'config-refused' }]);
    const metrics = async (): Promise<string> => (await fetch(`http://127.0.0.1:${site.console}/metrics`)).text();
    expect(await metrics()).toMatch(/^throughcare_config_refused 1$/m);
    await new Promise((resolve) => server.close(resolve));
    await reload({ ...base(), sources: { ...base().sources, extra: mllpSource(port) } });
    await passes(await connect(port), near);
    expect((await site.ready()).checks.configuration).toMatchObject({ ready: true });
    expect((await site.ready()).checks.configuration).not.toHaveProperty('code');
    expect(await metrics()).toMatch(/^throughcare_config_refused 0$/m);
  });

  it.each([
    ['text that is no YAML', (text: string) => `${text}\n  : [`, undefined],
    ['an unknown setting', (text: string) => text.replace('kind: mllp', 'knid: mllp'), undefined],
    ['a mapping that is not there', (text: string) => text.replace('faults/movement-out', 'faults/nowhere'), 'unknown-mapping'],
    ['a setting that needs a restart', (text: string) => `${text}summary: \nadvanced: { lease: 9s }\n`, 'needs-restart'],
  ])('for %s keeps the old', async (_what, edit, code) => {
    const kept = await connect(ports.stay);
    await site.write(edit(yaml(base())).replace('summary: \n', ''));
    daemon.signal('SIGHUP');
    await refused();
    if (code !== undefined) await eventually(() => found(code));
    await passes(kept, near);
  });
});
