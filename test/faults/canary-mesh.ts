import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { MeshServer } from '../../stand-ins/mesh/handle.ts';
import { startMeshServer } from '../../stand-ins/mesh/server.ts';
import { MARKS, MESSAGES } from './canary-site.ts';

const OWN = 'X26EX001';
const PRACTICE = 'Y99002EX';
const SUMMARY = 'EXAMPLE_SUMMARY';
const RECORD = 'EXAMPLE_GP_RECORD';

/** The MESH service of the canary's site: it knows the marked patient, and says his values wherever a sender or the service may. */
export class CanaryMesh {
  readonly #server: MeshServer;

  private constructor(server: MeshServer) {
    this.#server = server;
  }

  static async start(port: number, folder: string): Promise<CanaryMesh> {
    const password = 'example-password';
    const server = await startMeshServer({
      port,
      sharedKey: 'example-shared-key',
      mailboxes: [
        { id: OWN, password },
        { id: PRACTICE, password, odsCode: 'Y99002', name: 'Quay Practice', receives: [SUMMARY] },
      ],
      patients: [
        {
          nhsNumber: MARKS['NHS number'],
          birthDate: MARKS['birth date, ISO'],
          surname: MARKS['family name'],
          practice: 'Y99002',
        },
      ],
      routing: { workflows: [SUMMARY] },
    });
    await mkdir(join(folder, 'mesh'), { recursive: true });
    const { cert, key } = await server.issueClient('canary');
    for (const [name, pem] of Object.entries({ 'ca.pem': server.ca ?? '', [`${OWN}.pem`]: cert, [`${OWN}.key`]: key }))
      await writeFile(join(folder, 'mesh', name), pem);
    return new CanaryMesh(server);
  }

  /** A letter, something that is no HL7, and a workflow nobody knows, each with the marks in every header that a sender fills. */
  async send(): Promise<void> {
    const headers = {
      from: PRACTICE,
      subject: `${MARKS['subject of a mail']}: ${MARKS['family name']} ${MARKS['NHS number']}`,
      fileName: `${MARKS['file name']}.hl7`,
    };
    await this.#server.put(OWN, { ...headers, workflowId: RECORD, body: MESSAGES.letterByMesh });
    await this.#server.put(OWN, { ...headers, workflowId: RECORD, body: `no HL7, but ${Object.values(MARKS).join(', ')}` });
    await this.#server.put(OWN, { ...headers, workflowId: 'UNKNOWN', body: MARKS['text of a letter'] });
  }

  /** What is left in the site's own mailbox. */
  get waiting(): number {
    return this.#server.mailbox(OWN).waiting;
  }

  /** The summaries in the practice's inbox, whole, and what they carry in base64. */
  async summaries(): Promise<readonly { readonly id: string; readonly text: string }[]> {
    const found = await this.#server.messages({ recipient: PRACTICE });
    return Promise.all(
      found.map(async ({ id }) => {
        const text = (await this.#server.body(id))?.toString('utf8') ?? '';
        const carried = [...text.matchAll(/\^Base64\^([A-Za-z0-9+/=]+)/g)].map(([, code = '']) =>
          Buffer.from(code, 'base64').toString('utf8'),
        );
        return { id, text: [text, ...carried].join('\n') };
      }),
    );
  }

  /** The service says of a summary, in the patient's own words, that it went wrong after all. */
  async reportOn(id: string): Promise<void> {
    const description = `${MARKS['words of the service']}: ${MARKS['family name']}`;
    await this.#server.report(OWN, { about: id, code: 'EPL-154', description });
  }

  close(): Promise<void> {
    return this.#server.close();
  }
}
