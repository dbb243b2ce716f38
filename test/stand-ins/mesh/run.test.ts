import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { type AskedServer, runMeshServer } from '../../../stand-ins/mesh/run.ts';
import { type Disposable, temporaryFolder } from '../../support/temp.ts';

const ASKED: AskedServer = { host: '127.0.0.1', port: 0, adminPort: 0, tls: true, speed: 1, offset: 0 };

describe('the stand-in as its verb runs it', () => {
  let folder: Disposable;
  beforeEach(async () => {
    folder = await temporaryFolder('mesh');
  });
  afterEach(() => folder.remove());

  it.each([
    ['in the data folder, where they stay', true],
    ['in a temporary folder, which goes', false],
  ])('puts what a client needs into files %s', async (_name, kept) => {
    const { facts, close } = await runMeshServer({ ...ASKED, ...(kept ? { data: folder.path } : {}) });
    const files = { ca: '', cert: '', key: '', ...facts.tls };
    const [ca, cert, key] = [files.ca, files.cert, files.key].map((path) => readFileSync(path, 'utf8'));
    const status = await new Promise((resolve, reject) => {
      request(`${facts.url}/messageexchange/_ping`, { ca, cert, key, agent: false }, (response) => {
        response.resume();
        resolve(response.statusCode);
      })
        .on('error', reject)
        .end();
    });
    expect(status).toBe(200);
    expect(facts.mailboxes).toEqual([
      { id: 'X26HC005', password: 'password' },
      { id: 'X26HC006', password: 'password' },
    ]);
    await close();
    expect(existsSync(files.key)).toBe(kept);
  });

  it('takes mailboxes and faults from its settings, and its clock from the command line', async () => {
    const settings = join(folder.path, 's.yaml');
    writeFileSync(settings, 'mailboxes: [{ id: Z9, password: secret }]\nfaults: [{ effect: status, status: 502, route: ping }]\n');
    const { facts, close } = await runMeshServer({ ...ASKED, settings, tls: false, offset: 86_400_000 });
    expect([facts.tls, facts.mailboxes]).toEqual([undefined, [{ id: 'Z9', password: 'secret' }]]);
    expect((await fetch(`${facts.url}/messageexchange/_ping`)).status).toBe(502);
    const overview: { now: string } = JSON.parse(await (await fetch(facts.adminUrl)).text());
    expect(Date.parse(overview.now) - Date.now()).toBeGreaterThan(86_000_000);
    await close();
  });

  it('says which port is taken, and leaves nothing open', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const address = other.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    await expect(runMeshServer({ ...ASKED, port })).rejects.toThrow(`port ${port} is taken`);
    await expect(runMeshServer({ ...ASKED, adminPort: port })).rejects.toThrow(`port ${port} is taken`);
    await new Promise((resolve) => other.close(resolve));
  });
});
