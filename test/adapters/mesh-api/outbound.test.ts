import { randomBytes } from 'node:crypto';
import { delivery } from '../support/deliveries.ts';
import { contentOf, inPieces, Outgoing, onlyMessage, textOf } from './support/outgoing.ts';
import { OURS, THEIRS } from './support/service.ts';

const outgoing = new Outgoing();
afterEach(() => outgoing.close());

const MB = 1024 * 1024;
const PATIENT = { nhsNumber: '9990000018', birthDate: '1955-01-09', familyName: "O'Tester" };

describe('sending a message to a MESH mailbox', () => {
  it('assurance 201: sends plain', async () => {
    const { server, send, firsts, looks } = await outgoing.start();
    const bytes = Buffer.from('<Bundle/>');
    const result = await send({ key: 'TC0001', bytes, contentType: 'application/fhir+json' });
    const message = await onlyMessage(server);
    expect(result).toEqual({ outcome: 'delivered', confirmed: false, receiptCode: '202', farId: message.id });
    expect(message).toMatchObject({
      state: 'accepted',
      sender: OURS,
      recipient: THEIRS,
      workflowId: 'TEST_WORKFLOW',
      localId: 'TC0001',
      subject: '',
      totalChunks: 1,
    });
    expect(await server.body(message.id)).toEqual(bytes);
    expect(firsts()).toBe(1);
    // The service expects a look into the inbox right after a send.
    expect(looks()).toBe(1);
  });

  it('assurance 202: sends gzip', async () => {
    const { server, send } = await outgoing.start({ settings: { compress: 'yes' } });
    const bytes = textOf(100_000);
    expect(await send({ bytes })).toMatchObject({ outcome: 'delivered' });
    const message = await onlyMessage(server);
    expect(message.size).toBeLessThan(bytes.length / 2);
    expect(await contentOf(server, message.id, 1, true)).toEqual(bytes);
  });

  it('compresses by itself what is large and not compressed, and leaves a zip alone', async () => {
    const { server, send } = await outgoing.start();
    const zip = Buffer.concat([Buffer.from('504b0304', 'hex'), randomBytes(2 * MB)]);
    await send({ key: 'text', pieces: inPieces(textOf(2 * MB)) });
    await send({ key: 'zip', pieces: inPieces(zip) });
    const [text, other] = await server.messages();
    expect(text?.size).toBeLessThan(MB / 2);
    expect((await server.body(other?.id ?? ''))?.equals(zip)).toBe(true);
  });

  it('is confirmed by the 202 only where the destination says so', async () => {
    const { send } = await outgoing.start({ settings: { confirmedBy: 'accepted' } });
    expect(await send()).toMatchObject({ outcome: 'delivered', confirmed: true });
  });

  it('sends to a service that speaks version 1 alone', async () => {
    const { server, send } = await outgoing.start({ mailbox: { api: 'v1' } });
    const result = await send();
    expect(result).toMatchObject({ outcome: 'delivered', farId: (await onlyMessage(server)).id });
    expect(server.requests().filter(({ route }) => route === 'send')).toMatchObject([{ version: 1 }]);
  });

  it('MESH rule 4.12 gives no file name of the source, and a file name of its own that tells the kind', async () => {
    const { server, mailbox, send } = await outgoing.start();
    const envelope = { headers: { filename: 'TESTER_MORGAN_9990000018.hl7' } };
    await send({ key: 'TC0001', envelope });
    const { id } = await onlyMessage(server);
    const head = await outgoing.services.client(server, { id: THEIRS }).head(id);
    expect(head['mex-filename']).toBe('TC0001.hl7');
    expect(JSON.stringify(head)).not.toContain('TESTER');
    expect(mailbox.id).toBe(OURS);
  });

  it('says nothing of a patient in what is logged or counted, also of an address that is refused', async () => {
    const { notebook, send } = await outgoing.start({
      settings: {
        workflow: 'NOT_ROUTED',
        allowed: ['NOT_ROUTED'],
        to: { by: 'patient', birthDate: 'YYYYMMDD', surname: 'letters' },
        subject: 'patient',
      },
    });
    const result = await send({ envelope: { patient: PATIENT } });
    expect(result).toMatchObject({ outcome: 'permanent', code: 'recipient-unknown', receiptCode: '12' });
    expect(notebook.everything + JSON.stringify({ ...result, reply: undefined })).not.toMatch(/9990000018|TESTER|Tester|19550109/);
  });

  it('tells the queues that it recognises no duplicates, and to ask for long enough', async () => {
    const { destination } = await outgoing.start();
    expect(destination).toMatchObject({ slots: 4, dedupable: false, asks: 6, address: `mesh ${OURS}` });
  });

  it('does one handshake for all that wait to be sent at the start', async () => {
    const { server, destination } = await outgoing.start();
    await Promise.all([1, 2, 3, 4].map(() => destination.send(delivery(), new AbortController().signal)));
    expect(server.totals().byRoute).toMatchObject({ handshake: 1, send: 4 });
  });

  it('sends nothing once it is closed, or when its time is over before it begins', async () => {
    const { server, destination, send } = await outgoing.start();
    const back = { outcome: 'transient', code: 'send-failed', sentBytes: false, transport: false };
    expect(await destination.send(delivery(), AbortSignal.abort())).toEqual(back);
    await destination.close();
    expect(await send()).toEqual(back);
    expect(server.totals().requests).toBe(0);
  });
});

describe('MESH rule 4.2 each attempt has a token of its own', () => {
  it('signs every chunk and every repetition afresh', async () => {
    const { server, send, chunks } = await outgoing.start({ settings: { chunkSize: 1024, compress: 'no' } });
    server.inject({ route: 'send-chunk', chunk: 2, effect: 'status', status: 503, times: 2 });
    expect(await send({ bytes: textOf(3_000) })).toMatchObject({ outcome: 'delivered' });
    expect(chunks()).toEqual([1, 2, 2, 2, 3]);
    expect(server.totals().replayedTokens).toBe(0);
    const tokens = server.requests().map(({ nonce, nonceCount }) => `${nonce}:${nonceCount}`);
    expect(new Set(tokens).size).toBe(tokens.length);
  });
});
