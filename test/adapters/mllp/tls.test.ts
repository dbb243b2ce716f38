import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MllpSource } from '../../../adapters/mllp/inbound.ts';
import { MllpDestination } from '../../../adapters/mllp/outbound.ts';
import type { TlsClientSettings, TlsServerSettings } from '../../../adapters/mllp/tls-material.ts';
import { makeAuthority } from '../support/certificates.ts';
import { delivery, destinationName, noDeadline } from '../support/deliveries.ts';
import { Notebook } from '../support/notebook.ts';
import { MockReceiver, portOf, Sender } from '../support/peers.ts';
import { ScriptedReceiver, sourceName } from '../support/scripted-receiver.ts';
import { until } from '../support/waiting.ts';

const authority = makeAuthority('Test Authority');
const stranger = makeAuthority('Another Authority');
const server = authority.issue('receiver');
const client = authority.issue('sender');

const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

const listen = async (tls: TlsServerSettings) => {
  const receiver = new ScriptedReceiver();
  const notebook = new Notebook();
  const source = new MllpSource(sourceName('prison-adt'), { host: '127.0.0.1', port: 0, tls }, receiver, notebook);
  await source.start();
  stops.push(() => source.stop(AbortSignal.timeout(100)));
  return { source, receiver, notebook };
};

describe('MLLP source under TLS', () => {
  it('serves a sender that checks its certificate', async () => {
    const { source } = await listen({ cert: server.cert, key: server.key });
    const sender = await Sender.connect(source.address, { ca: authority.cert });
    sender.send('m');
    expect(await sender.answered(1)).toEqual(['ack m']);
    sender.socket.destroy();
  });

  it('lets in, under mutual TLS, a sender with a certificate of its authority and no other', async () => {
    const { source, receiver, notebook } = await listen({
      cert: server.cert,
      key: server.key,
      ca: authority.cert,
      requireClientCertificate: true,
    });
    const good = await Sender.connect(source.address, { ca: authority.cert, ...client });
    good.send('m');
    expect(await good.answered(1)).toEqual(['ack m']);
    good.socket.destroy();
    const forged = stranger.issue('sender');
    for (const identity of [{}, forged]) {
      // Under TLS 1.3 the sender hears of its refusal only after its own handshake.
      const bad = await Sender.connect(source.address, { ca: authority.cert, ...identity });
      bad.send('intruder');
      await until('thrown out', () => bad.closed);
    }
    expect(receiver.texts).toEqual(['m']);
    expect(notebook.counts.get('source_connections_ended{reason=tls-failed}')).toBe(2);
  });

  it('will not start mutual TLS without an authority to check against', async () => {
    const settings = { host: '127.0.0.1', port: 0, tls: { cert: server.cert, key: server.key, requireClientCertificate: true } };
    await expect(new MllpSource(sourceName('prison-adt'), settings, new ScriptedReceiver(), new Notebook()).start()).rejects.toThrow(
      'requireClientCertificate needs `ca`',
    );
  });

  it('turns away a sender that speaks plain MLLP', async () => {
    const { source, receiver } = await listen({ cert: server.cert, key: server.key });
    const plain = await Sender.connect(source.address);
    plain.send('MSH|^~\\&|plain');
    await until('thrown out', () => plain.closed);
    expect(receiver.received).toEqual([]);
  });

  it('stops while a handshake is half done', async () => {
    const { source } = await listen({ cert: server.cert, key: server.key });
    const silent = await Sender.connect(source.address);
    await source.stop(AbortSignal.timeout(1_000));
    await until('closed', () => silent.closed);
    expect(portOf(source.address)).toBeGreaterThan(0);
  });
});

const open = async (tls: TlsClientSettings, served: ConstructorParameters<typeof MockReceiver>[0], host = '127.0.0.1') => {
  const receiver = new MockReceiver(served);
  const port = await receiver.listen();
  const notebook = new Notebook();
  const destination = new MllpDestination(destinationName('gp'), { host, port, timeout: 3_000, connectTimeout: 1_000, tls }, notebook);
  stops.push(async () => {
    await receiver.close();
    await destination.close();
  });
  return { destination, receiver, notebook };
};

const NOT_SENT = { outcome: 'transient', code: 'tls-failed', sentBytes: false, transport: true };

describe('MLLP destination under TLS', () => {
  it('delivers to a server whose certificate and name are right', async () => {
    const { destination, receiver } = await open({ ca: authority.cert }, server, 'localhost');
    expect(await destination.send(delivery(), noDeadline())).toMatchObject({ outcome: 'delivered', confirmed: true });
    expect(await destination.send(delivery(), noDeadline())).toMatchObject({ outcome: 'delivered' });
    expect(receiver.connections).toBe(1);
  });

  it.each([
    ['an authority we do not trust', stranger.issue('receiver'), 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'],
    ['another name', authority.issue('receiver', ['elsewhere.example']), 'ERR_TLS_CERT_ALTNAME_INVALID'],
    ['a date that has passed', authority.issue('receiver', undefined, -1), 'CERT_HAS_EXPIRED'],
  ])('sends not one byte to a server with a certificate of %s', async (_what, served, cause) => {
    const { destination, receiver, notebook } = await open({ ca: authority.cert }, served);
    expect(await destination.send(delivery(), noDeadline())).toEqual(NOT_SENT);
    expect(receiver.bytes).toBe(0);
    expect(notebook.warnings[0]?.facts).toMatchObject({ code: 'tls-failed', cause });
  });

  it('sends nothing to a server that does not speak TLS', async () => {
    const { destination, receiver } = await open({ ca: authority.cert }, undefined);
    receiver.onConnect = (socket) => void socket.write('hello');
    expect(await destination.send(delivery(), noDeadline())).toEqual(NOT_SENT);
    expect(receiver.heard).toEqual([]);
  });

  it('gives up a handshake that does not come to an end', async () => {
    const { destination } = await open({ ca: authority.cert }, undefined);
    expect(await destination.send(delivery(), noDeadline())).toEqual(NOT_SENT);
  });

  it('shows its own certificate where the receiver asks for one', async () => {
    const mutual = { ...server, ca: authority.cert, requestCert: true, rejectUnauthorized: true };
    const { destination } = await open({ ca: authority.cert, ...client }, mutual);
    expect(await destination.send(delivery(), noDeadline())).toMatchObject({ outcome: 'delivered' });
  });

  it.each(['TLSv1.2', 'TLSv1.3'] as const)(
    'knows that nothing was read where the receiver refuses its certificate (%s)',
    async (maxVersion) => {
      const mutual = { ...server, ca: authority.cert, requestCert: true, rejectUnauthorized: true, maxVersion };
      const { destination, receiver } = await open({ ca: authority.cert }, mutual);
      expect(await destination.send(delivery(), noDeadline())).toEqual(NOT_SENT);
      expect(receiver.bytes).toBe(0);
    },
  );

  it('reads certificates from files, anew at each connection', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'tls-'));
    stops.push(() => rm(folder, { recursive: true }));
    const ca = join(folder, 'ca.pem');
    const { destination } = await open({ ca }, server);
    expect(await destination.send(delivery(), noDeadline())).toEqual(NOT_SENT);
    await writeFile(ca, authority.cert);
    expect(await destination.send(delivery(), noDeadline())).toMatchObject({ outcome: 'delivered' });
  });
});
