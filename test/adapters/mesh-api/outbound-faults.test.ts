import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Fault } from '../../../stand-ins/mesh/faults.ts';
import { delivery } from '../support/deliveries.ts';
import { Outgoing, onlyMessage, textOf } from './support/outgoing.ts';
import { OURS } from './support/service.ts';

const outgoing = new Outgoing();
afterEach(() => outgoing.close());

const UNKNOWN = { outcome: 'ambiguous', code: 'mesh-unknown', sentBytes: true, transport: true };
const AWAY = { outcome: 'transient', code: 'mesh-unavailable', transport: true };

describe('MESH rule 4.1 the first request of a message is never repeated blindly', () => {
  it.each<[string, Fault, number]>([
    ['stored, and the connection breaks before the answer', { route: 'send', effect: 'reset', after: true }, 1],
    ['stored, and 500 is answered', { route: 'send', effect: 'status', status: 500, after: true }, 1],
    ['stored, and a gateway answers 502 in XML', { route: 'send', effect: 'status', status: 502, body: 'xml', after: true }, 1],
    ['stored, and a gateway answers 504', { route: 'send', effect: 'status', status: 504, body: 'html', after: true }, 1],
    ['stored, and 503 is answered without saying when to come again', { route: 'send', effect: 'status', status: 503, after: true }, 1],
    ['stored, and never answered', { route: 'send', effect: 'silence' }, 1],
    ['stored, and answered with 202 without an id', { route: 'send', effect: 'status', status: 202, body: 'none', after: true }, 1],
    ['stored, and answered with 202 and no JSON', { route: 'send', effect: 'status', status: 202, body: 'html', after: true }, 1],
    ['not stored, and the connection breaks after all of it was sent', { route: 'send', effect: 'reset' }, 0],
    ['not stored, and 500 is answered in XML', { route: 'send', effect: 'status', status: 500, body: 'xml' }, 0],
  ])('%s: nobody knows, and it is not sent again', async (_what, fault, stored) => {
    const { server, send, firsts, looks } = await outgoing.start({ mailbox: { timeout: 2_000 } });
    server.inject({ ...fault, times: 0 });
    const result = await send();
    expect(result).toMatchObject(UNKNOWN);
    // A receipt code would say that the service turned it away, and so let it go to somebody else meanwhile.
    expect(result).not.toHaveProperty('receiptCode');
    expect(firsts()).toBe(1);
    expect(await server.messages({ sender: OURS })).toHaveLength(stored);
    expect(looks()).toBe(0);
  });

  it('our time is over before the answer: nobody knows', async () => {
    const { server, destination, firsts } = await outgoing.start();
    server.inject({ route: 'send', effect: 'silence' });
    const deadline = new AbortController();
    const sending = destination.send(delivery(), deadline.signal);
    const until = setInterval(() => {
      if (firsts() === 1) deadline.abort();
    }, 20);
    expect(await sending).toMatchObject(UNKNOWN);
    clearInterval(until);
    expect(firsts()).toBe(1);
  });
});

describe('what the service certainly did not take is tried again later', () => {
  it.each<[string, Fault]>([
    ['429 with Retry-After', { route: 'send', effect: 'rate-limit', retryAfter: 30 }],
    ['429 without', { route: 'send', effect: 'rate-limit' }],
    ['503 with Retry-After', { route: 'send', effect: 'status', status: 503, headers: { 'retry-after': '30' } }],
    ['a wrong path', { route: 'send', effect: 'status', status: 404, body: 'html' }],
    ['a redirect', { route: 'send', effect: 'redirect', to: 'https://elsewhere.example/' }],
  ])('%s', async (_what, fault) => {
    const { server, send, firsts } = await outgoing.start();
    server.inject(fault);
    expect(await send()).toMatchObject(AWAY);
    expect([firsts(), await server.messages()]).toEqual([1, []]);
  });

  it('keeps away from the service for as long as it asked to be left in peace', async () => {
    const { server, send, firsts } = await outgoing.start();
    server.inject({ route: 'send', effect: 'rate-limit', retryAfter: 3_600 });
    await send();
    expect(await send()).toMatchObject({ ...AWAY, sentBytes: false });
    expect(firsts()).toBe(1);
  });

  it('a redirect is not followed: tokens and patients go nowhere else', async () => {
    const seen: string[] = [];
    const other = createServer((request, response) => {
      seen.push(request.url ?? '');
      response.end();
    });
    await new Promise<void>((listening) => other.listen(0, '127.0.0.1', listening));
    const { server, send } = await outgoing.start();
    server.inject({ route: 'send', effect: 'redirect', to: `http://127.0.0.1:${(other.address() as AddressInfo).port}/`, status: 307 });
    expect(await send()).toMatchObject({ ...AWAY, receiptCode: '307' });
    expect(seen).toEqual([]);
    await new Promise((closed) => other.close(closed));
  });

  it('a service that is not there: not a byte was sent', async () => {
    const { server, send } = await outgoing.start();
    await server.close();
    expect(await send()).toEqual({ ...AWAY, sentBytes: false });
  });

  it('a body that broke off on the way is no message: the service never had the end of it', async () => {
    const { server, send, firsts } = await outgoing.start({ settings: { compress: 'no' } });
    server.inject({ route: 'send', effect: 'reset' });
    // More than the connection's buffers take, so it breaks long before the end.
    const bytes = textOf(19 * 1024 * 1024);
    expect(await send({ bytes })).toMatchObject({ ...AWAY, sentBytes: true });
    expect([firsts(), await server.messages()]).toEqual([1, []]);
    expect(await send({ bytes })).toMatchObject({ outcome: 'delivered' });
    await onlyMessage(server);
  });

  it('a payload that cannot be read to its end is no message, and not the service’s fault', async () => {
    const { server, send, notebook } = await outgoing.start();
    const half = textOf(1_000);
    const broken = async function* () {
      yield half;
      throw new Error('the store is away');
    };
    const ours = { outcome: 'transient', code: 'send-failed', sentBytes: true, transport: false };
    expect(await send({ pieces: broken, size: 2_000 })).toEqual(ours);
    expect(await send({ pieces: [half], size: 2_000 })).toEqual(ours);
    expect(await server.messages()).toEqual([]);
    expect(notebook.warnings).toEqual([]);
  });
});

describe('what the service refuses', () => {
  it('assurance 702: a bad recipient, 417, is held', async () => {
    const { server, send, firsts } = await outgoing.start({ settings: { to: { by: 'mailbox', mailbox: 'NOBODY' } } });
    const result = await send();
    expect(result).toMatchObject({ outcome: 'permanent', code: 'recipient-unknown', receiptCode: '12', transport: false });
    expect(result.outcome !== 'delivered' && result.reply?.toString()).toBe('Unregistered to address');
    expect([firsts(), await server.messages()]).toEqual([1, []]);
  });

  it('assurance 701: a disabled mailbox, 403, stops all lanes and holds none', async () => {
    const { server, send } = await outgoing.start();
    await send();
    await server.setEnabled(OURS, false);
    expect(await send()).toMatchObject({ outcome: 'transient', code: 'mesh-unauthorised', receiptCode: '100', transport: true });
    await server.setEnabled(OURS, true);
    expect(await send()).toMatchObject({ outcome: 'delivered' });
  });

  it.each<[string, Fault]>([
    ['without a word', { route: 'send', effect: 'status', status: 403, body: 'none' }],
    ['in words alone', { route: 'send', effect: 'status', status: 403, text: 'Invalid Authentication Token' }],
    ['as in version 1', { route: 'send', effect: 'status', status: 403, body: 'v1', text: 'Invalid Authentication Token' }],
    ['401', { route: 'send', effect: 'status', status: 401, body: 'html' }],
  ])('is let in nowhere, %s: tried again, and the same for every message', async (_how, fault) => {
    const { server, send, notebook } = await outgoing.start();
    server.inject(fault);
    expect(await send()).toMatchObject({ outcome: 'transient', code: 'mesh-unauthorised', transport: true });
    expect(notebook.warnings).toMatchObject([{ name: 'destination.unreachable', facts: { code: 'mesh-unauthorised' } }]);
    expect(await send()).toMatchObject({ outcome: 'delivered' });
    expect(notebook.events.map(({ name }) => name)).toContain('destination.unreachable.cleared');
  });

  it.each<[string, Fault, string, string]>([
    [
      'a version 1 error for a version 2 request',
      { route: 'send', effect: 'status', status: 417, body: 'v1', event: 'SEND', code: '12' },
      'recipient-unknown',
      '12',
    ],
    ['a validation list', { route: 'send', effect: 'status', status: 400, body: 'validation' }, 'mesh-refused', '400'],
    ['malformed headers', { route: 'send', effect: 'status', status: 400, event: 'TRANSFER', code: '06' }, 'mesh-refused', '06'],
    [
      '202 with an error in it',
      { route: 'send', effect: 'status', status: 202, body: 'v2', event: 'SEND', code: '12' },
      'recipient-unknown',
      '12',
    ],
    [
      '202 with a version 1 error in it',
      { route: 'send', effect: 'status', status: 202, body: 'v1', event: 'SEND', code: '17' },
      'workflow-not-allowed',
      '17',
    ],
    [
      'a code in words',
      { route: 'send', effect: 'status', status: 417, event: 'SEND', code: 'Mr Tester 9990000018' },
      'mesh-refused',
      '417',
    ],
    [
      'a patient that cannot be routed, at once',
      { route: 'send', effect: 'status', status: 417, event: 'SEND', code: 'EPL-153' },
      'patient-not-routed',
      'EPL-153',
    ],
    [
      'the same number of another event',
      { route: 'send', effect: 'status', status: 417, event: 'RECEIVE', code: '16' },
      'mesh-refused',
      '16',
    ],
    ['a body above its limit', { route: 'send', effect: 'status', status: 413, body: 'html' }, 'mesh-refused', '413'],
  ])('%s is held, with the code alone in clear', async (_what, fault, code, receiptCode) => {
    const { server, send, firsts } = await outgoing.start();
    server.inject(fault);
    expect(await send()).toMatchObject({ outcome: 'permanent', code, receiptCode, transport: false });
    expect(firsts()).toBe(1);
  });

  it('refuses nothing itself that has no byte: an empty message is held here', async () => {
    const { send, firsts } = await outgoing.start();
    expect(await send({ bytes: Buffer.alloc(0) })).toMatchObject({ outcome: 'permanent', code: 'mesh-refused', sentBytes: false });
    expect(firsts()).toBe(0);
  });
});

describe('what goes before the first request says nothing of it', () => {
  it.each<[string, Fault, string]>([
    ['the handshake fails', { route: 'handshake', effect: 'status', status: 500, times: 0 }, 'mesh-unavailable'],
    ['the handshake is refused', { route: 'handshake', effect: 'status', status: 403, times: 0 }, 'mesh-unauthorised'],
    ['the handshake is never answered', { route: 'handshake', effect: 'silence', times: 0 }, 'mesh-unavailable'],
  ])('%s: nothing was sent', async (_what, fault, code) => {
    const { server, send, firsts } = await outgoing.start({ mailbox: { timeout: 1_000 } });
    server.inject(fault);
    expect(await send()).toMatchObject({ outcome: 'transient', code, sentBytes: false, transport: true });
    expect(firsts()).toBe(0);
  });

  it('a certificate that the service does not take: nothing was sent', async () => {
    const { server } = await outgoing.start();
    const expired = await server.issueClient('expired', -1);
    const { send } = outgoing.on(server, {}, { tls: { ca: server.ca ?? '', ...expired } });
    expect(await send()).toMatchObject({ outcome: 'transient', sentBytes: false, transport: true });
    expect(await server.messages()).toEqual([]);
  });

  it('MESH rule 4.10 a service with a certificate of another authority is sent nothing', async () => {
    const { server } = await outgoing.start();
    const other = await outgoing.services.start();
    const { send } = outgoing.on(server, {}, { tls: { ca: other.ca ?? '', ...(server.client ?? { cert: '', key: '' }) } });
    expect(await send()).toMatchObject({ ...AWAY, sentBytes: false });
    expect(server.totals().requests).toBe(0);
  });
});
