import type { MeshServer } from '../../../stand-ins/mesh/handle.ts';
import type { MeshServerOptions } from '../../../stand-ins/mesh/options.ts';
import { startMeshServer } from '../../../stand-ins/mesh/server.ts';
import { PlainClient, sentId } from './client.ts';

const WORKFLOW = 'GPCONNECT_SEND_DOCUMENT';
const SMITH = { nhsNumber: '9990000018', birthDate: '1955-01-09', surname: "O'Smith", practice: 'A83002' };

describe('routing by patient', () => {
  let server: MeshServer;
  let a: PlainClient;
  const start = async (options: MeshServerOptions = {}): Promise<void> => {
    server = await startMeshServer({
      tls: false,
      mailboxes: [
        { id: 'A1', password: 'p' },
        { id: 'P1', password: 'p', odsCode: 'A83002', receives: [WORKFLOW] },
        { id: 'P2', password: 'p', odsCode: 'A83003', receives: [WORKFLOW] },
        { id: 'P3', password: 'p', odsCode: 'A83003', receives: [WORKFLOW] },
      ],
      patients: [
        SMITH,
        { ...SMITH, nhsNumber: '9990000026', practice: 'A83003' },
        { ...SMITH, nhsNumber: '9990000034', practice: 'NONE' },
        { nhsNumber: '9990000042', birthDate: '1955-01-09', surname: "O'Smith" },
      ],
      ...options,
    });
    a = new PlainClient(server, 'A1');
  };
  afterEach(async () => {
    a.close();
    await server.close();
    expect(server.problems).toEqual([]);
  });
  const send = async (to: string): Promise<string> =>
    sentId(await a.send(to, 'letter', { 'mex-workflowid': WORKFLOW, 'mex-localid': 'X26' }));

  it('finds the practice of the patient and writes its mailbox in place of the patient', async () => {
    await start();
    const id = await send('GPPROVIDER_9990000018_19550109_OSMITH');
    const practice = new PlainClient(server, 'P1');
    expect(await practice.inbox()).toEqual([id]);
    const got = await practice.get(`/inbox/${id}`);
    expect(got.headers['mex-to']).toBe('P1');
    expect(JSON.stringify(got.headers)).not.toContain('9990000018');
    const tracked = await a.get(`/outbox/tracking?messageID=${id}`);
    expect(tracked.json).toMatchObject({ recipient: 'P1', status: 'accepted' });
    expect(tracked.body.toString()).not.toContain('9990000018');
    expect(JSON.stringify(await server.messages())).not.toContain('9990000018');
    practice.close();
  });

  it.each([
    ['several mailboxes of the practice', 'GPPROVIDER_9990000026_19550109_OSMITH', 'EPL-150'],
    ['a practice without a mailbox', 'GPPROVIDER_9990000034_19550109_OSMITH', 'EPL-151'],
    ['a patient registered nowhere', 'GPPROVIDER_9990000042_19550109_OSMITH', 'EPL-151'],
    ['an NHS number with a wrong check digit', 'GPPROVIDER_9990000019_19550109_OSMITH', 'EPL-152'],
    ['no NHS number', 'GPPROVIDER_', 'EPL-152'],
    ['an NHS number nobody has', 'GPPROVIDER_9990000050_19550109_OSMITH', 'EPL-153'],
    ['another surname', 'GPPROVIDER_9990000018_19550109_JONES', 'EPL-154'],
    ['another birth date', 'GPPROVIDER_9990000018_19550110_OSMITH', 'EPL-154'],
    ['a birth date the other way round', 'GPPROVIDER_9990000018_09011955_OSMITH', 'EPL-154'],
  ])('%s: 202, and then a report', async (_name, to, code) => {
    await start();
    const id = await send(to);
    const [reportId] = await a.inbox();
    const report = await a.get(`/inbox/${reportId}`);
    expect(report.headers).toMatchObject({
      'mex-messagetype': 'REPORT',
      'mex-linkedmsgid': id,
      'mex-statuscode': code,
      'mex-statusevent': 'SEND',
      'mex-statussuccess': 'ERROR',
      'mex-localid': 'X26',
    });
    expect(JSON.stringify(report.headers)).not.toContain('GPPROVIDER');
    expect((await a.get(`/outbox/tracking?messageID=${id}`)).json).toMatchObject({ status: 'error', status_code: code });
  });

  it('does not look at accents, hyphens and capitals of a surname', async () => {
    await start();
    const id = await send("GPPROVIDER_9990000018_19550109_o'smith");
    expect(await server.message(id)).toMatchObject({ recipient: 'P1', state: 'accepted' });
  });

  it('reads the other order of the birth date where it is told so', async () => {
    await start({ routing: { birthDate: 'DDMMYYYY' } });
    expect(await server.message(await send('GPPROVIDER_9990000018_09011955_OSMITH'))).toMatchObject({ recipient: 'P1' });
    expect(await server.message(await send('GPPROVIDER_9990000018_19550109_OSMITH'))).toMatchObject({ recipient: '', code: 'EPL-154' });
  });

  it('takes its time where it is told so', async () => {
    await start({ routing: { delay: 3_600_000 } });
    const id = await send('GPPROVIDER_9990000018_19550109_OSMITH');
    expect(await server.message(id)).toMatchObject({ recipient: '', state: 'accepted' });
    expect((await a.get(`/outbox/tracking?messageID=${id}`)).json).not.toHaveProperty('recipient');
    await server.clock.advance(3_600_000);
    expect(await server.message(id)).toMatchObject({ recipient: 'P1', state: 'accepted' });
  });
});
