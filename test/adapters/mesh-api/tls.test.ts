import { mkdtempSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MeshClient } from '../../../adapters/mesh-api/client.ts';
import { MeshError } from '../../../adapters/mesh-api/errors.ts';
import { Secret } from '../../../config/secret.ts';
import { Problem } from '../../../records/problem.ts';
import type { Telemetry } from '../../../records/telemetry.ts';
import { silent } from '../../../records/telemetry.ts';
import type { MeshServer } from '../../../stand-ins/mesh/handle.ts';
import { makeAuthority } from '../support/certificates.ts';
import { clientParts, mailboxSettings, OURS, Services } from './support/service.ts';

const services = new Services();
afterEach(() => services.close());

const meshError = async (asked: Promise<unknown>): Promise<MeshError> => {
  const error = await asked.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof MeshError)) throw new Error('no MeshError', { cause: error });
  return error;
};

const NAMED = { id: OURS, password: 'password', certificateName: 'ours.X26.api.mesh-client.nhs.uk' };
const certificateOf = async (server: MeshServer, name = NAMED.certificateName, days?: number) => ({
  ca: server.ca ?? '',
  ...(await server.issueClient(name, days)),
});

describe('MESH rule 4.10 TLS', () => {
  it('both sides show a certificate of the environment’s authority', async () => {
    const server = await services.start({ mailboxes: [NAMED] });
    await services.client(server, { tls: await certificateOf(server) }).handshake();
    expect((await meshError(services.client(server, { tls: await certificateOf(server, 'somebody.else') }).handshake())).unauthorised).toBe(
      true,
    );
  });

  it('a server of another authority is told nothing', async () => {
    const server = await services.start();
    const client = services.client(server, { api: 'v2', tls: { ca: makeAuthority('another').cert, ...server.client } });
    const error = await meshError(client.send({ 'mex-to': OURS, 'mex-workflowid': 'W1' }, { open: async function* () {} }));
    expect({ trouble: error.trouble, reached: error.reached }).toEqual({ trouble: 'connection', reached: false });
    expect(server.totals().requests).toBe(0);
  });

  it('without a client certificate, and with one that has expired, no request is read', async () => {
    const server = await services.start();
    const bare = await meshError(services.client(server, { tls: { ca: server.ca ?? '' } }).handshake());
    const expired = await meshError(services.client(server, { tls: await certificateOf(server, NAMED.certificateName, -1) }).handshake());
    expect([bare.trouble, expired.trouble]).toEqual(['connection', 'connection']);
    expect(server.totals().requests).toBe(0);
  });

  it('nothing below TLS 1.2', async () => {
    const authority = makeAuthority('old');
    const { cert, key } = authority.issue('localhost');
    const old = createSecureServer(
      { cert, key, minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT:@SECLEVEL=0' },
      (_, response) => response.end(),
    );
    await new Promise<void>((done) => old.listen(0, '127.0.0.1', done));
    const mesh = await services.start();
    const url = `https://127.0.0.1:${(old.address() as AddressInfo).port}`;
    const error = await meshError(services.client(mesh, { url, tls: { ca: authority.cert } }).ping());
    await new Promise((done) => old.close(done));
    expect(error.errno).toMatch(/PROTOCOL|VERSION|ECONNRESET/);
  });

  it('plain http goes to this machine alone, and https not without TLS files', async () => {
    const server = await services.start();
    const { tls: _, ...plain } = mailboxSettings(server);
    expect(() => new MeshClient({ ...plain, url: 'http://mesh.example.nhs.uk' }, clientParts())).toThrow(Problem);
    expect(() => new MeshClient({ ...plain, url: 'http://127.0.0.1:80' }, clientParts())).not.toThrow();
    expect(() => new MeshClient({ ...plain, url: 'https://mesh.example.nhs.uk' }, clientParts())).toThrow(Problem);
  });

  it('a renewed certificate is used without a restart; files that are half written change nothing', async () => {
    const server = await services.start({ mailboxes: [NAMED] });
    const folder = mkdtempSync(join(tmpdir(), 'mesh-tls-'));
    const write = ({ cert, key }: { cert: string; key: string }) => {
      writeFileSync(join(folder, 'client.pem'), cert);
      writeFileSync(join(folder, 'client.key'), key);
    };
    writeFileSync(join(folder, 'ca.pem'), server.ca ?? '');
    write(await certificateOf(server, 'the.old.one'));
    const tls = { ca: join(folder, 'ca.pem'), cert: join(folder, 'client.pem'), key: join(folder, 'client.key') };
    const client = services.client(server, { tls }, { recheckTls: 0 });
    expect((await meshError(client.inbox())).unauthorised).toBe(true);
    writeFileSync(join(folder, 'client.pem'), 'half a fi');
    expect((await meshError(client.inbox())).unauthorised).toBe(true);
    write(await certificateOf(server));
    expect((await client.inbox()).ids).toEqual([]);
  });

  it('files that are not there are told before anything is sent', async () => {
    const server = await services.start();
    const error = await meshError(services.client(server, { tls: { ca: '/nowhere/ca.pem' } }).handshake());
    expect({ trouble: error.trouble, reached: error.reached, errno: error.errno }).toEqual({
      trouble: 'tls-files',
      reached: false,
      errno: 'ENOENT',
    });
  });

  it('tells the days until a certificate runs out', async () => {
    const days = new Map<string, number>();
    const telemetry: Telemetry = {
      ...silent,
      gauge: (name, value, labels = {}) => void days.set(`${name} ${labels.mailbox} ${labels.what}`, value),
    };
    const server = await services.start();
    await services.client(server, { tls: await certificateOf(server, 'a', 20) }, { telemetry }).handshake();
    expect(days.get('mailbox_certificate_days gp client')).toBeCloseTo(20, 1);
    expect(days.get('mailbox_certificate_days gp ca')).toBeGreaterThan(300);
  });

  it('what names no mailbox of ours: the name a certificate must carry can be set', async () => {
    const server = await services.start();
    const tls = await certificateOf(server);
    await services.client(server, { tls: { ...tls, servername: 'localhost' } }).handshake();
    const error = await meshError(services.client(server, { tls: { ...tls, servername: 'mesh.example' } }).handshake());
    expect(error.errno).toBe('ERR_TLS_CERT_ALTNAME_INVALID');
  });
});

describe('MESH rule 4.10 proxies', () => {
  const proxy = async (answer: (request: IncomingMessage) => string | null) => {
    const sockets: Socket[] = [];
    const seen: { target: string; bytes: Buffer[] }[] = [];
    const server = createServer();
    server.on('connect', (request, socket: Socket) => {
      sockets.push(socket);
      const refusal = answer(request);
      if (refusal !== null) return void socket.end(refusal);
      const entry = { target: request.url ?? '', bytes: [] as Buffer[] };
      seen.push(entry);
      const [host = '', port = ''] = (request.url ?? '').split(':');
      const far = connect(Number(port), host, () => {
        socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
        socket.on('data', (piece: Buffer) => entry.bytes.push(piece));
        socket.pipe(far).pipe(socket);
      });
      sockets.push(far);
      for (const one of [socket, far]) one.on('error', () => {});
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    return {
      url: (user = '') => new Secret(`http://${user}127.0.0.1:${(server.address() as AddressInfo).port}`),
      seen,
      close: async () => {
        for (const socket of sockets) socket.destroy();
        await new Promise((done) => server.close(done));
      },
    };
  };

  it('the client certificate and the check of the server go through the tunnel, and the proxy sees no content', async () => {
    const server = await services.start({ mailboxes: [NAMED] });
    const through = await proxy((request) =>
      request.headers['proxy-authorization'] === `Basic ${Buffer.from('user:p@ss').toString('base64')}` ? null : 'HTTP/1.1 407 No\r\n\r\n',
    );
    const tls = await certificateOf(server);
    const client = services.client(server, { tls, proxy: through.url('user:p%40ss@') });
    await client.handshake();
    expect(await client.inbox()).toEqual({ ids: [], next: null });
    expect(through.seen.map(({ target }) => target)).toEqual([new URL(server.url).host]);
    expect(Buffer.concat(through.seen[0]?.bytes ?? []).includes('NHSMESH')).toBe(false);
    const stranger = await meshError(services.client(server, { api: 'v2', tls, proxy: through.url() }).handshake());
    expect({ trouble: stranger.trouble, status: stranger.status, reached: stranger.reached }).toEqual({
      trouble: 'proxy',
      status: 407,
      reached: false,
    });
    client.close();
    await through.close();
  });

  it('a server of another authority behind a proxy is told nothing either', async () => {
    const server = await services.start();
    const through = await proxy(() => null);
    const error = await meshError(
      services.client(server, { tls: { ca: makeAuthority('another').cert }, proxy: through.url() }).handshake(),
    );
    await through.close();
    expect({ trouble: error.trouble, reached: error.reached }).toEqual({ trouble: 'connection', reached: false });
  });
});
