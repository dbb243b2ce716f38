import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { MeshServer, MessageView } from '../stand-ins/mesh/handle.ts';
import { startMeshServer } from '../stand-ins/mesh/server.ts';

/** The site's mailbox, and those of the practices of its directory. */
const OWN = 'X26EX001';
const PRACTICES = [
  { id: 'Y99001EX', odsCode: 'Y99001', name: 'Hill Lane Surgery' },
  { id: 'Y99002EX', odsCode: 'Y99002', name: 'Quay Practice' },
];
const PASSWORD = 'example-password';
const SUMMARY = 'EXAMPLE_SUMMARY';
const RECORD = 'EXAMPLE_GP_RECORD';

/** Whom the service knows. It has another surname of the second: what is addressed to his practice comes back as a report. */
const PATIENTS = [
  { nhsNumber: '9990000018', birthDate: '1987-04-12', surname: 'Ashdown', practice: 'Y99001' },
  { nhsNumber: '9990000026', birthDate: '1991-09-23', surname: 'Birch', practice: 'Y99002' },
];

/** The MESH service of the example site, with the practices behind it. */
export class ExampleMesh {
  readonly #server: MeshServer;
  /** Messages seen in the practices' inboxes. */
  readonly #seen = new Set<string>();

  private constructor(server: MeshServer) {
    this.#server = server;
  }

  /** Starts it, and puts the certificates where the site's configuration looks for them. */
  static async start(port: number, data: string): Promise<ExampleMesh> {
    const server = await startMeshServer({
      port,
      sharedKey: 'example-shared-key',
      mailboxes: [
        { id: OWN, password: PASSWORD, name: 'Prison health', sends: [SUMMARY], receives: [RECORD, SUMMARY] },
        ...PRACTICES.map(practice),
      ],
      patients: PATIENTS,
      routing: { workflows: [SUMMARY] },
    });
    const folder = join(data, 'mesh');
    await mkdir(folder, { recursive: true });
    const { cert, key } = await server.issueClient(`example.${OWN}.api.mesh-client.nhs.uk`);
    for (const [name, pem] of Object.entries({ 'ca.pem': server.ca ?? '', [`${OWN}.pem`]: cert, [`${OWN}.key`]: key }))
      await writeFile(join(folder, name), pem, { mode: 0o600 });
    return new ExampleMesh(server);
  }

  /** A GP system sends a message to the site. */
  async send(message: Buffer): Promise<void> {
    await this.#server.put(OWN, { workflowId: RECORD, from: 'Y99001EX', body: message });
  }

  /** What lies in the practices' inboxes and was not there before, as `<mailbox> <workflow>`; the practices collect it. */
  async collect(): Promise<readonly string[]> {
    const waiting: MessageView[] = [];
    for (const { id } of PRACTICES) waiting.push(...(await this.#server.messages({ recipient: id, state: 'accepted' })));
    const fresh = waiting.filter(({ id }) => !this.#seen.has(id));
    for (const { id } of fresh) {
      this.#seen.add(id);
      await this.#server.collect(id);
    }
    return fresh.map(({ recipient, workflowId }) => `mailbox ${recipient} ${workflowId}`);
  }

  close(): Promise<void> {
    return this.#server.close();
  }
}

const practice = (one: (typeof PRACTICES)[number]) => ({ ...one, password: PASSWORD, receives: [SUMMARY], sends: [RECORD] });
