import { brandAs, type OdsCode } from '../../../records/ids.ts';
import type { Envelope } from '../../../records/ports.ts';
import { Outgoing, onlyMessage } from './support/outgoing.ts';
import { OURS, THEIRS } from './support/service.ts';

const outgoing = new Outgoing();
afterEach(() => outgoing.close());

const W = 'GPCONNECT_SEND_DOCUMENT';
const ods = (code: string): Envelope => ({ recipientOds: brandAs<OdsCode>(code) });
const held = (code: string) => expect.objectContaining({ outcome: 'permanent', code, sentBytes: false, transport: false });
const mailboxes = [
  { id: OURS, password: 'one', odsCode: 'X26' },
  { id: THEIRS, password: 'two', odsCode: 'A81001', receives: [W] },
  { id: 'X26HC007', password: 'three', odsCode: 'A81002', receives: [W] },
  { id: 'X26HC008', password: 'four', odsCode: 'A81002', receives: [W] },
];

describe('the mailbox of an organisation', () => {
  const start = (mailbox = {}) => outgoing.start({ server: { mailboxes }, settings: { workflow: W, to: { by: 'organisation' } }, mailbox });

  it('is found by endpoint look-up, once', async () => {
    const { server, send } = await start();
    for (const key of ['A', 'B']) expect(await send({ key, envelope: ods('A81001') })).toMatchObject({ outcome: 'delivered' });
    expect((await server.messages()).map(({ recipient }) => recipient)).toEqual([THEIRS, THEIRS]);
    expect(server.totals().byRoute).toMatchObject({ lookup: 1, send: 2 });
  });

  it('is not there: held before any byte', async () => {
    const { send, firsts } = await start();
    expect(await send({ envelope: ods('A99999') })).toEqual(held('no-mailbox'));
    expect(await send()).toEqual(held('no-mailbox'));
    expect(firsts()).toBe(0);
  });

  it('is one of several: held before any byte', async () => {
    const { send, firsts } = await start();
    expect(await send({ envelope: ods('A81002') })).toEqual(held('mailbox-ambiguous'));
    expect(firsts()).toBe(0);
  });

  it('cannot be asked for: tried again, and an answer that ran out is not used', async () => {
    const { server, send, firsts } = await start({ lookupAge: 0 });
    expect(await send({ envelope: ods('A81001') })).toMatchObject({ outcome: 'delivered' });
    server.inject({ route: 'lookup', effect: 'status', status: 503, times: 0 });
    expect(await send({ envelope: ods('A81001') })).toMatchObject({
      outcome: 'transient',
      code: 'mesh-unavailable',
      sentBytes: false,
      transport: true,
    });
    expect(firsts()).toBe(1);
  });

  it('is asked for again when the service does not know what it had found', async () => {
    const { server, send } = await start();
    server.inject({ route: 'send', effect: 'status', status: 417, event: 'SEND', code: '12' });
    expect(await send({ envelope: ods('A81001') })).toMatchObject({ outcome: 'permanent', code: 'recipient-unknown' });
    expect(await send({ envelope: ods('A81001') })).toMatchObject({ outcome: 'delivered' });
    expect(server.totals().byRoute.lookup).toBe(2);
  });
});

describe('the registered practice of a patient', () => {
  const patients = [{ nhsNumber: '9990000018', birthDate: '1955-01-09', surname: "O'Tester", practice: 'A81001' }];
  const start = () =>
    outgoing.start({
      server: { mailboxes, patients },
      settings: { workflow: W, to: { by: 'patient', birthDate: 'YYYYMMDD', surname: 'letters' } },
    });

  it('is held before any byte where details are missing', async () => {
    const { send, firsts } = await start();
    expect(await send()).toEqual(held('no-addressee'));
    expect(await send({ envelope: { patient: { nhsNumber: '9990000018', birthDate: '1955', familyName: 'Tester' } } })).toEqual(
      held('no-addressee'),
    );
    expect(firsts()).toBe(0);
  });

  it('is 202 at first, whoever the patient is: what became of it comes later', async () => {
    const { send, firsts } = await start();
    const envelope = { patient: { nhsNumber: '9990000026', birthDate: '1955-01-09', familyName: 'Nobody' } };
    expect(await send({ envelope })).toMatchObject({ outcome: 'delivered', confirmed: false });
    expect(firsts()).toBe(1);
  });
});

describe('workflows', () => {
  it('sends no other than the allowed ones', async () => {
    const { server, send, firsts } = await outgoing.start({ settings: { allowed: ['PASSED_ON'], localId: 'message', subject: 'message' } });
    expect(await send({ envelope: { headers: { workflowid: 'UNHEARD' } } })).toEqual(held('workflow-not-allowed'));
    expect(firsts()).toBe(0);
    const headers = { workflowid: 'PASSED_ON', localid: 'theirs', subject: 'about' };
    expect(await send({ envelope: { headers } })).toMatchObject({ outcome: 'delivered' });
    expect(await onlyMessage(server)).toMatchObject({ workflowId: 'PASSED_ON', localId: 'theirs', subject: 'about' });
  });

  it.each([
    ['the sender', '16', { sends: ['OTHER'] }, {}],
    ['the recipient', '17', {}, { receives: ['OTHER'] }],
  ])('holds what the service does not let %s have', async (_who, code, ours, theirs) => {
    const { send, firsts } = await outgoing.start({
      server: {
        mailboxes: [
          { id: OURS, password: 'one', ...ours },
          { id: THEIRS, password: 'two', ...theirs },
        ],
      },
    });
    expect(await send()).toMatchObject({ outcome: 'permanent', code: 'workflow-not-allowed', receiptCode: code });
    expect(firsts()).toBe(1);
  });
});
