import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { MeshFailed } from '../../cli/mesh-desk.ts';
import { parseConfig } from '../../config/load.ts';
import type { LoadedConfig } from '../../config/types.ts';
import { checkConnections } from '../../daemon/check-connections.ts';
import { openMeshDesk } from '../../daemon/mesh-desk.ts';
import { brandAs, type MailboxName } from '../../records/ids.ts';
import type { MeshServer } from '../../stand-ins/mesh/handle.ts';
import { startMeshServer } from '../../stand-ins/mesh/server.ts';
import { type Disposable, temporaryFolder } from '../support/temp.ts';

const LEEDS = brandAs<MailboxName>('leeds');

describe('the mesh desk', () => {
  let temp: Disposable;
  let server: MeshServer;

  beforeAll(async () => {
    temp = await temporaryFolder('mesh-desk');
    server = await startMeshServer({
      sharedKey: 'k',
      mailboxes: [
        { id: 'X26OT001', password: 'p' },
        { id: 'X26OT002', password: 'p', odsCode: 'Y99001', name: 'Hill Lane', receives: ['W1'] },
      ],
    });
    await mkdir(join(temp.path, 'tls'));
    const { cert, key } = await server.issueClient('example.X26OT001.api.mesh-client.nhs.uk', 40);
    for (const [name, pem] of Object.entries({ 'ca.pem': server.ca ?? '', 'c.pem': cert, 'c.key': key }))
      await writeFile(join(temp.path, 'tls', name), pem);
  });
  afterAll(async () => {
    expect(server.problems).toEqual([]);
    await server.close();
    await temp.remove();
  });

  const site = (over: { password?: string; url?: string; tls?: string } = {}): LoadedConfig => {
    const tls = over.tls ?? '{ ca: tls/ca.pem, cert: tls/c.pem, key: tls/c.key }';
    const yaml = `site: example
mailboxes:
  leeds:
    id: X26OT001
    url: ${over.url ?? server.url}
    password: ${over.password ?? 'p'}
    sharedKey: k
    timeout: 2s
    tls: ${tls}
sources:
  mail:
    kind: mesh-api
    mailbox: leeds
    workflows:
      W1: { do: process }
      W2: { do: hold }
`;
    const { loaded, findings } = parseConfig(join(temp.path, 'throughcare.yaml'), yaml, { environment: {}, readFile: () => '' });
    if (loaded === undefined) throw new Error(JSON.stringify(findings));
    return loaded;
  };
  const on = async <T>(work: (desk: Awaited<ReturnType<typeof openMeshDesk>>) => Promise<T>, loaded = site()): Promise<T> => {
    const desk = await openMeshDesk(loaded, LEEDS, '1.2.3');
    try {
      return await work(desk);
    } finally {
      await desk.close();
    }
  };

  it('greets the mailbox and says how long its certificate lasts', async () => {
    const greeting = await on((desk) => desk.handshake());
    expect(greeting).toMatchObject({ mailbox: 'leeds', id: 'X26OT001', api: 'v2' });
    expect(greeting.certificateDays).toBeGreaterThanOrEqual(39);
  });

  it('shows what waits, and what the site does with it, without taking anything', async () => {
    const ids = [
      await server.put('X26OT001', { workflowId: 'W1', body: 'MSH|', from: 'X26OT002' }),
      await server.put('X26OT001', { workflowId: 'W2', body: 'xx' }),
      await server.put('X26OT001', { workflowId: 'W3', body: 'yyy' }),
      await server.report('X26OT001', { code: '14' }),
    ];
    const { waiting, messages } = await on((desk) => desk.inbox({ limit: 3 }));
    expect(waiting).toBe(4);
    expect(messages.map(({ id, type, workflow, size, disposition }) => [id, type, workflow, size, disposition])).toEqual([
      [ids[0], 'DATA', 'W1', 4, 'process'],
      [ids[1], 'DATA', 'W2', 2, 'hold'],
      [ids[2], 'DATA', 'W3', 3, 'leave'],
    ]);
    const all = await on((desk) => desk.inbox({ limit: 10 }));
    expect(all.messages.at(-1)).toMatchObject({ type: 'REPORT', disposition: 'note' });
    expect((await on((desk) => desk.inbox({ limit: 10, workflow: 'W2' }))).messages.map(({ id }) => id)).toEqual([ids[1]]);
    expect(server.mailbox('X26OT001').waiting).toBe(4);
  });

  it('sends a file, compressed or not, follows it and sees it collected', async () => {
    const file = join(temp.path, 'letter.txt');
    await writeFile(file, 'Example letter. '.repeat(100));
    for (const compress of [false, true]) {
      const { messageId, chunks } = await on((desk) =>
        desk.send({ to: 'X26OT002', workflow: 'W1', file, compress, localId: `L-${compress}` }),
      );
      expect(chunks).toBe(1);
      expect(await on((desk) => desk.track(messageId, 'message-id'))).toMatchObject({ messageId, status: 'accepted', downloaded: null });
      await server.collect(messageId);
      const track = await on((desk) => desk.track(`L-${compress}`, 'local-id'));
      expect(track).toMatchObject({ messageId, status: 'acknowledged', downloaded: expect.any(Date) });
    }
    expect(await on((desk) => desk.track('20260101000000000000_000000', 'message-id'))).toBeNull();
    await expect(
      on((desk) => desk.send({ to: 'X26OT002', workflow: 'W1', file: join(temp.path, 'none'), compress: false })),
    ).rejects.toThrow('cannot be read');
  });

  it('looks up mailboxes', async () => {
    expect(await on((desk) => desk.lookup('Y99001', 'W1'))).toEqual([{ mailbox: 'X26OT002', name: 'Hill Lane' }]);
    expect(await on((desk) => desk.lookup('Y99001', 'W9'))).toEqual([]);
  });

  it('says what is wrong, by codes alone', async () => {
    const refused = on((desk) => desk.handshake(), site({ password: 'wrong' }));
    await expect(refused).rejects.toMatchObject({
      reached: true,
      message: expect.stringMatching(/^mailbox leeds: the service refused it \(403/),
    });
    await expect(refused).rejects.toBeInstanceOf(MeshFailed);
    await expect(on((desk) => desk.handshake(), site({ url: 'https://127.0.0.1:1' }))).rejects.toMatchObject({ reached: false });
    await expect(on((desk) => desk.handshake(), site({ tls: '{ ca: tls/ca.pem }' }))).rejects.toMatchObject({ reached: false });
  });

  it('is what check --connect tries', async () => {
    expect(await checkConnections(site())).toEqual({ tried: 1, findings: [] });
    const { findings } = await checkConnections(site({ password: 'wrong' }));
    expect(findings).toHaveLength(1);
    expect(findings[0]).toMatchObject({ code: 'mailbox-refused', place: { line: 5 }, hint: expect.stringContaining('the password') });
    expect((await checkConnections(site({ url: 'https://127.0.0.1:1' }))).findings[0]).toMatchObject({ code: 'connection-refused' });
    expect((await checkConnections(site({ tls: '{ ca: tls/none.pem }' }))).findings[0]).toMatchObject({
      hint: expect.stringContaining('paths'),
    });
  });
});
