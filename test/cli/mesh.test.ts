import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EXIT } from '../../cli/exit.ts';
import { runCli } from '../../cli/main.ts';
import { type MeshDesk, MeshFailed, type MeshTrack } from '../../cli/mesh-desk.ts';
import type { MailboxName } from '../../records/ids.ts';

const at = new Date('2026-03-02T14:05:00Z');
const mailbox = (id: string) => `{ id: ${id}, url: 'https://127.0.0.1:8700', password: p, sharedKey: k }`;
const configured = (environment: string, ...ids: string[]) =>
  `site: example\nenvironment: ${environment}\nmailboxes:\n${ids.map((id, n) => `  box-${n === 0 ? 'a' : 'b'}: ${mailbox(id)}\n`).join('')}`;

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'throughcare-cli-mesh-'));
  writeFileSync(join(folder, 'one.yaml'), configured('test', 'X26OT001'));
  writeFileSync(join(folder, 'two.yaml'), configured('test', 'X26OT001', 'X26OT002'));
  writeFileSync(join(folder, 'live.yaml'), configured('live', 'X26OT001'));
  writeFileSync(join(folder, 'none.yaml'), 'site: example\n');
});
afterAll(() => rmSync(folder, { recursive: true }));

const tracked: MeshTrack = { messageId: 'M1', status: 'acknowledged', uploaded: at, downloaded: null, code: null };

/** A service with one message waiting, that writes down what it is asked. */
const deskOf = (name: MailboxName, calls: unknown[][], more: Partial<MeshDesk>): MeshDesk => ({
  handshake: async () => ({ mailbox: name, id: 'X26OT001', api: 'v2', milliseconds: 12, certificateDays: 9 }),
  inbox: async (options) => {
    calls.push(['inbox', options]);
    return {
      waiting: 700,
      messages: [{ id: 'M1', type: 'DATA', workflow: 'W1', from: 'YGM1', size: 9, chunks: 1, disposition: 'process' }],
    };
  },
  send: async (message) => {
    calls.push(['send', message]);
    return { messageId: 'M2', chunks: 3 };
  },
  track: async (id, by) => (id === 'M1' && by === 'message-id' ? tracked : null),
  lookup: async (ods, workflow) => {
    calls.push(['lookup', ods, workflow]);
    return ods === 'Y99001' ? [{ mailbox: 'YGM2', name: 'Hill Lane' }] : [];
  },
  close: async () => {
    calls.push(['close']);
  },
  ...more,
});

const run = async (line: string, config = 'one.yaml', more: Partial<MeshDesk> = {}) => {
  let out = '';
  let err = '';
  const calls: unknown[][] = [];
  const never = () => Promise.reject(new Error('not here'));
  const exit = await runCli(line.split(' '), {
    out: { write: (text) => (out += String(text)) },
    err: { write: (text) => (err += String(text)) },
    environment: { THROUGHCARE_CONFIG: join(folder, config) },
    version: '0',
    user: 'ann',
    operations: never,
    checkPlan: never,
    checkConnections: never,
    start: never,
    demo: never,
    meshServer: never,
    mesh: async (_loaded, name) => {
      calls.push(['mesh', name]);
      return deskOf(name, calls, more);
    },
  });
  return { exit, out, err, calls };
};

describe('mesh', () => {
  it('greets every mailbox, or the one named, and closes what it opened', async () => {
    const all = await run('mesh handshake', 'two.yaml');
    expect(all.exit).toBe(EXIT.ok);
    expect(all.out).toMatch(/^MAILBOX .*CERTIFICATE\nbox-a .* 9 days\nbox-b .* 9 days\n$/);
    expect(all.calls).toEqual([['mesh', 'box-a'], ['close'], ['mesh', 'box-b'], ['close']]);
    expect((await run('mesh handshake -m box-b', 'two.yaml')).calls).toEqual([['mesh', 'box-b'], ['close']]);
    expect(JSON.parse((await run('mesh handshake --json')).out)).toEqual([
      { mailbox: 'box-a', id: 'X26OT001', api: 'v2', milliseconds: 12, certificateDays: 9 },
    ]);
  });

  it('wants to know which mailbox where there are several, and names near ones', async () => {
    expect(await run('mesh inbox', 'two.yaml')).toMatchObject({
      exit: EXIT.usage,
      err: 'error: say which mailbox with --mailbox: box-a, box-b\n',
    });
    expect(await run('mesh inbox -m boxa', 'two.yaml')).toMatchObject({
      exit: EXIT.unknown,
      err: 'error: there is no mailbox boxa (did you mean "box-a"?)\n',
    });
    expect(await run('mesh inbox', 'none.yaml')).toMatchObject({
      exit: EXIT.unknown,
      err: expect.stringContaining('no mailbox is configured'),
    });
    expect(await run('mesh handshake', 'none.yaml')).toMatchObject({ exit: EXIT.unknown });
  });

  it('shows what waits, and that there is more', async () => {
    const { exit, out, calls } = await run('mesh inbox -n 1 -w W1');
    expect(exit).toBe(EXIT.ok);
    expect(out).toMatch(/^MESSAGE .*\nM1 .*DATA .*W1 .*YGM1 .*9 .*1 .*process\n700 waiting in all\n$/);
    expect(calls).toContainEqual(['inbox', { limit: 1, workflow: 'W1' }]);
  });

  it('sends a file to try a connection, never from a live site', async () => {
    const { exit, out, calls } = await run('mesh send /tmp/x.dat --to YGM1 -w W1 --local-id L1 --gzip');
    expect([exit, out]).toEqual([EXIT.ok, 'accepted as M2 in 3 chunks\n']);
    expect(calls).toContainEqual(['send', { to: 'YGM1', workflow: 'W1', file: '/tmp/x.dat', compress: true, localId: 'L1' }]);
    const live = await run('mesh send /tmp/x.dat --to YGM1 -w W1', 'live.yaml');
    expect(live).toMatchObject({ exit: EXIT.refused, err: expect.stringContaining('a live site sends deliveries only') });
    expect(live.calls).toEqual([['mesh', 'box-a'], ['close']]);
    expect((await run('mesh send /tmp/x.dat --to YGM1')).exit).toBe(EXIT.usage);
  });

  it('follows a message by its id, or by its local id', async () => {
    const found = await run('mesh track M1');
    expect([found.exit, found.out]).toEqual([EXIT.ok, 'message   M1\nstatus    acknowledged\nuploaded  2026-03-02 14:05:00Z\n']);
    expect(await run('mesh track M1 --local')).toMatchObject({ exit: EXIT.unknown, err: expect.stringContaining('knows no message M1') });
  });

  it('looks up who takes a workflow: one is an answer, none is not', async () => {
    const found = await run('mesh lookup y99001 W1');
    expect(found).toMatchObject({ exit: EXIT.ok, out: 'MAILBOX  NAME\nYGM2     Hill Lane\n' });
    expect(found.calls).toContainEqual(['lookup', 'Y99001', 'W1']);
    expect(await run('mesh lookup Y99002 W1')).toMatchObject({
      exit: EXIT.failed,
      out: 'no mailbox takes this workflow for this organisation\n',
    });
  });

  it('tells a service that refuses from one that does not answer', async () => {
    const fails = (reached: boolean) => ({
      handshake: () => Promise.reject(new MeshFailed('box-a: the service refused it (403)', { reached, hint: 'check the password' })),
    });
    expect(await run('mesh handshake', 'one.yaml', fails(true))).toMatchObject({
      exit: EXIT.failed,
      err: 'error: box-a: the service refused it (403) (check the password)\n',
      calls: [['mesh', 'box-a'], ['close']],
    });
    expect((await run('mesh handshake', 'one.yaml', fails(false))).exit).toBe(EXIT.unreachable);
  });
});
