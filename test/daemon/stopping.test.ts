import { createServer } from 'node:net';
import { listDeliveries } from '../../store/lanes/views.ts';
import { DaemonProcess } from '../support/daemon-process.ts';
import { eventually } from '../support/eventually.ts';
import { movement, somebody } from '../support/example-messages.ts';
import { freePort } from '../support/free-port.ts';
import { MllpClient } from '../support/mllp-client.ts';
import { MllpReceiver } from '../support/mllp-receiver.ts';
import { ProcessSite } from '../support/process-site.ts';

/** How the real daemon ends: by SIGTERM, by a second one, and when it cannot start; and what a script learns from it. */

let far: MllpReceiver;
let site: ProcessSite;
let daemon: DaemonProcess | undefined;
let port = 0;
let people = 400;

/** `drain` against a far side that is given `timeout` to answer. */
const below = (drain: string, timeout = '50s'): string => `sources:
  near: { kind: mllp, listen: '127.0.0.1:${port}' }
destinations:
  far: { kind: mllp, host: 127.0.0.1, port: ${far.port}, connections: 1, timeout: ${timeout}, mappings: [faults/movement-out], retry: { first: 50ms, most: 200ms } }
routes:
  - { name: movements, when: kind = custody, to: far }
  - { name: kept, file: not sent }
shutdown: { drain: ${drain} }
advanced: { sendDeadline: 50s, claimTtl: 70s }
`;

beforeAll(async () => {
  far = await MllpReceiver.listen();
  port = await freePort();
  site = await ProcessSite.open(below('20s'));
});
beforeEach(() => {
  far.script = () => ({ do: 'answer' });
  far.received.splice(0);
});
afterEach(async () => {
  await daemon?.stop();
  daemon = undefined;
});
afterAll(async () => {
  await far.close();
  await site.close();
});

const start = async (settings: string): Promise<DaemonProcess> => {
  await site.write(settings);
  daemon = await DaemonProcess.start(site.config);
  return daemon;
};
const send = async (): Promise<void> => {
  const client = await MllpClient.open(port);
  expect((await client.send(movement('A01', somebody(++people)))).code).toBe('AA');
  client.end();
};
const states = async (): Promise<readonly string[]> => (await listDeliveries(site.db.database, { limit: 100 })).map(({ view }) => view);

describe('SIGTERM', () => {
  it('★ takes nothing more, answers what is in hand, lets what is being sent be answered, and ends with 0', async () => {
    const running = await start(below('20s'));
    far.script = () => ({ do: 'answer', afterMs: 1_500 });
    await send();
    await eventually(() => far.received.length === 1);
    let release = (): void => {};
    const until = new Promise<void>((resolve) => {
      release = resolve;
    });
    const locked = new Promise<void>((resolve) => {
      void site.db.database.inTransaction(
        async (tx) => {
          await tx.query('lock table message_key in access exclusive mode');
          resolve();
          await until;
        },
        { timeout: 20_000 },
      );
    });
    await locked;
    const client = await MllpClient.open(port);
    const answer = client.send(movement('A01', somebody(++people)));
    // In hand: read, and not yet committed.
    await eventually(
      () =>
        site.db.database.query<{ n: number }>(
          "select count(*)::int as n from pg_locks where relation = 'message_key'::regclass and not granted",
        ),
      ([row]) => (row?.n ?? 0) > 0,
    );
    running.signal('SIGTERM');
    await running.logged('daemon.stopping');
    await eventually(
      async () =>
        MllpClient.open(port).then(
          () => 'open',
          (error: { code?: string }) => error.code,
        ),
      (code) => code === 'ECONNREFUSED',
    );
    release();
    expect((await answer).code).toBe('AA');
    expect(await running.ended()).toEqual({ code: 0, signal: null });
    expect(running.log.at(-1)?.event).toBe('daemon.stopped');
    // Nothing is left half done: the first is confirmed; the second left too, or waits for the next daemon.
    expect((await states()).filter((state) => state === 'confirmed').length).toBeGreaterThan(0);
    expect(await states()).not.toContain('sending');
    far.script = () => ({ do: 'answer' });
    await start(below('20s'));
    await eventually(states, (all) => all.length === 2 && all.every((state) => state === 'confirmed'));
    expect(far.received).toHaveLength(2);
  });

  it('★ ends within its limit though a far side never answers, and the next daemon sends it again', async () => {
    const running = await start(below('500ms'));
    far.script = () => ({ do: 'nothing' });
    await send();
    await eventually(() => far.received.length === 1);
    running.signal('SIGTERM');
    const soon = await Promise.race([running.ended(), new Promise((resolve) => setTimeout(() => resolve('still there'), 25_000).unref())]);
    expect(soon).toEqual({ code: 0, signal: null });
    expect(running.log.map(({ event }) => event)).toContain('drain-overdue');
    far.script = () => ({ do: 'answer' });
    await start(below('500ms'));
    await eventually(states, (all) => all.every((state) => state === 'confirmed'), { within: 30_000 });
    expect(new Set(far.received.map(({ controlId }) => controlId)).size).toBe(1);
  });

  it('a second one ends it at once with 1; nothing is lost', async () => {
    const running = await start(below('40s'));
    far.script = () => ({ do: 'nothing' });
    await send();
    await eventually(() => far.received.length === 1);
    running.signal('SIGTERM');
    await running.logged('daemon.stopping');
    running.signal('SIGTERM');
    const soon = await Promise.race([running.ended(), new Promise((resolve) => setTimeout(() => resolve('still there'), 20_000).unref())]);
    expect(soon).toEqual({ code: 1, signal: null });
    far.script = () => ({ do: 'answer' });
    await start(below('500ms'));
    await eventually(states, (all) => all.every((state) => state === 'confirmed'), { within: 30_000 });
  });
});

describe('a daemon that cannot start', () => {
  const ends = async (settings: string): Promise<{ readonly code: number | null; readonly said: string }> => {
    await site.write(settings);
    const running = DaemonProcess.spawn(site.config);
    const { code } = await running.ended();
    return { code, said: running.said };
  };

  it('for a port that is taken says which and why, and ends with 1', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(port, '127.0.0.1', resolve));
    try {
      const { code, said } = await ends(below('1s'));
      expect(code).toBe(1);
      expect(said).toContain(`error: source near: cannot listen on 127.0.0.1:${port}: another program listens there already`);
      expect(said).not.toMatch(/^ {2}at /m);
    } finally {
      await new Promise((resolve) => other.close(resolve));
    }
  });

  it('for a console port that is taken too', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(site.console, '127.0.0.1', resolve));
    try {
      const { code, said } = await ends(below('1s'));
      expect([code, said]).toEqual([1, expect.stringContaining(`error: the console cannot listen on 127.0.0.1:${site.console}`)]);
    } finally {
      await new Promise((resolve) => other.close(resolve));
    }
  });

  it('for errors in its configuration shows each with its place, and ends with 1', async () => {
    const { code, said } = await ends(below('1s').replace('kind: mllp, listen', 'knid: mllp, lisen').replace('drain: 1s', 'drian: soon'));
    expect(code).toBe(1);
    expect(said).toMatch(/throughcare\.yaml:\d+:\d+ error unknown-setting .*knid.*\(did you mean "kind"\?\)/);
    expect(said).toMatch(/throughcare\.yaml:\d+:\d+ error unknown-setting .*drian.*\(did you mean "drain"\?\)/);
  });

  it('for a PostgreSQL that does not answer ends with 3, and shows no password', async () => {
    const nowhere = await freePort();
    await site.write(below('1s'));
    await site.rewrite((yaml) => yaml.replace(/url: .*/, `url: postgres://somebody:hidden-word@127.0.0.1:${nowhere}/x`));
    const running = DaemonProcess.spawn(site.config);
    expect(await running.ended()).toEqual({ code: 3, signal: null });
    expect(running.said).toContain(`127.0.0.1:${nowhere}`);
    expect(running.said).not.toContain('hidden-word');
  });
});
