import { MeshClient } from '../../../../adapters/mesh-api/client.ts';
import type { MeshClientParts } from '../../../../adapters/mesh-api/requests.ts';
import { Secret } from '../../../../config/secret.ts';
import type { MailboxSettings } from '../../../../config/types-mesh.ts';
import type { MeshServer } from '../../../../stand-ins/mesh/handle.ts';
import type { MeshServerOptions } from '../../../../stand-ins/mesh/options.ts';
import { startMeshServer } from '../../../../stand-ins/mesh/server.ts';
import { Notebook } from '../../support/notebook.ts';

export const OURS = 'X26HC005';
export const THEIRS = 'X26HC006';

/** Servers of one test file, closed behind each test; one that had a fault of its own fails the test. */
export class Services {
  readonly #running: MeshServer[] = [];
  readonly #clients: MeshClient[] = [];

  async start(options: MeshServerOptions = {}): Promise<MeshServer> {
    const server = await startMeshServer(options);
    this.#running.push(server);
    return server;
  }

  client(server: MeshServer, changes: Partial<MailboxSettings> = {}, parts: Partial<MeshClientParts> = {}): MeshClient {
    const client = new MeshClient(mailboxSettings(server, changes), clientParts(parts));
    this.#clients.push(client);
    return client;
  }

  async close(): Promise<void> {
    for (const client of this.#clients.splice(0)) client.close();
    const problems: unknown[] = [];
    for (const server of this.#running.splice(0)) {
      problems.push(...server.problems);
      await server.close();
    }
    expect(problems).toEqual([]);
  }
}

/** Settings of a mailbox of this server, with its own certificate over real TLS. */
export const mailboxSettings = (server: MeshServer, changes: Partial<MailboxSettings> = {}): MailboxSettings => {
  const id = changes.id ?? OURS;
  const known = server.mailboxes().find((mailbox) => mailbox.id === id);
  return {
    id,
    url: server.url,
    password: new Secret(known?.password ?? 'none'),
    sharedKey: new Secret(server.sharedKey),
    ...(server.ca === undefined || server.client === undefined ? {} : { tls: { ca: server.ca, ...server.client } }),
    api: 'auto',
    poll: 300_000,
    handshake: 86_400_000,
    timeout: 10_000,
    lookupAge: 86_400_000,
    tracking: 1_800_000,
    ...changes,
  };
};

/** Pauses between tries take no time, and are remembered. */
export const clientParts = (parts: Partial<MeshClientParts> = {}): MeshClientParts => ({
  name: 'gp',
  telemetry: new Notebook(),
  clientVersion: '1.2.3',
  pause: async () => {},
  ...parts,
});

export const bodyOf = (...pieces: readonly (string | Buffer)[]) => ({
  async *open(): AsyncIterable<Buffer> {
    for (const piece of pieces) yield Buffer.from(piece);
  },
});

export const allOf = async (body: AsyncIterable<Buffer>): Promise<Buffer> => {
  const pieces: Buffer[] = [];
  for await (const piece of body) pieces.push(piece);
  return Buffer.concat(pieces);
};
