import { X509Certificate } from 'node:crypto';
import { request } from 'node:https';
import { connect } from 'node:tls';
import { makeAuthority } from '../../../stand-ins/mesh/certificates.ts';
import type { MeshServer } from '../../../stand-ins/mesh/handle.ts';
import { startMeshServer } from '../../../stand-ins/mesh/server.ts';
import { field, PlainClient } from './client.ts';

const NAME = 'local.X26.api.mesh-client.nhs.uk';

describe('mutual TLS', () => {
  let server: MeshServer;
  beforeAll(async () => {
    server = await startMeshServer({
      mailboxes: [
        { id: 'A1', password: 'p' },
        { id: 'B1', password: 'p', certificateName: NAME },
      ],
    });
  });
  afterAll(async () => {
    await server.close();
    expect(server.problems).toEqual([]);
  });
  const ping = (options: Parameters<typeof request>[1]): Promise<number> =>
    new Promise((resolve, reject) => {
      request(`${server.url}/messageexchange/_ping`, { ...options, agent: false }, (response) => {
        response.resume();
        resolve(response.statusCode ?? 0);
      })
        .on('error', reject)
        .end();
    });

  it('lets in whoever shows a certificate of the authority', async () => {
    expect(await ping({ ca: server.ca, ...server.client })).toBe(200);
  });

  it('breaks the connection of whoever shows none', async () => {
    await expect(ping({ ca: server.ca })).rejects.toThrow();
    expect(server.requests().filter(({ route }) => route === 'ping')).toHaveLength(1);
  });

  it("or another authority's, or one that has expired", async () => {
    const other = await makeAuthority();
    await expect(ping({ ca: server.ca, ...(await other.issueClient(NAME)) })).rejects.toThrow();
    await expect(ping({ ca: server.ca, ...(await server.issueClient(NAME, -1)) })).rejects.toThrow();
  });

  it('is not believed by a client that does not know its authority', async () => {
    await expect(ping({ ...server.client })).rejects.toThrow(/certificate/);
  });

  it('speaks TLS 1.2 and 1.3, and nothing older', async () => {
    const handshake = (version: 'TLSv1.1' | 'TLSv1.2' | 'TLSv1.3'): Promise<string | null> =>
      new Promise((resolve, reject) => {
        const { hostname, port } = new URL(server.url);
        const secrets = { ca: server.ca, ...server.client, ciphers: 'DEFAULT@SECLEVEL=0' };
        const socket = connect({ host: hostname, port: Number(port), minVersion: version, maxVersion: version, ...secrets }, () => {
          resolve(socket.getProtocol());
          socket.destroy();
        });
        socket.on('error', reject);
      });
    expect([await handshake('TLSv1.2'), await handshake('TLSv1.3')]).toEqual(['TLSv1.2', 'TLSv1.3']);
    await expect(handshake('TLSv1.1')).rejects.toThrow();
  });

  it('binds a mailbox to the name of its certificate where it has one', async () => {
    const stranger = new PlainClient(server, 'B1');
    const refused = await stranger.get('/inbox');
    expect([refused.status, field<{ code: string }[]>(refused, 'detail')[0]?.code]).toEqual([403, '']);
    const own = new PlainClient(server, 'B1', await server.issueClient(NAME));
    expect((await own.get('/inbox')).status).toBe(200);
    const free = new PlainClient(server, 'A1', await server.issueClient(NAME));
    expect((await free.get('/inbox')).status).toBe(200);
    for (const client of [stranger, own, free]) client.close();
  });

  it('makes certificates that say who they are, for as long as they say', async () => {
    const client = new X509Certificate((await server.issueClient(NAME, 30)).cert);
    expect(client.subject).toBe(`CN=${NAME}`);
    expect(client.verify(new X509Certificate(server.ca ?? '').publicKey)).toBe(true);
    expect((Date.parse(client.validTo) - Date.now()) / 86_400_000).toBeCloseTo(30, 1);
  });
});
