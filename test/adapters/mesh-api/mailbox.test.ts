import { MeshError } from '../../../adapters/mesh-api/errors.ts';
import { MeshMailbox } from '../../../adapters/mesh-api/mailbox.ts';
import { brandAs, type MailboxName } from '../../../records/ids.ts';
import { TestDiary } from './support/diary.ts';
import { clientParts, mailboxSettings, Services } from './support/service.ts';

const services = new Services();
afterEach(() => services.close());

const NAME = brandAs<MailboxName>('gp');

describe('the handshake', () => {
  it('comes once, however many ask at once, and not again before it is due', async () => {
    const server = await services.start();
    const diary = new TestDiary();
    const mailbox = new MeshMailbox(NAME, mailboxSettings(server), { ...clientParts(), diary });
    await Promise.all(Array.from({ length: 20 }, () => mailbox.ready()));
    await mailbox.ready();
    expect(server.totals().byRoute).toEqual({ handshake: 1 });
    mailbox.close();
  });

  it('is not repeated after a restart or by another daemon: the diary is shared', async () => {
    const server = await services.start();
    const diary = new TestDiary();
    const first = new MeshMailbox(NAME, mailboxSettings(server), { ...clientParts(), diary });
    await first.ready();
    const second = new MeshMailbox(NAME, mailboxSettings(server), { ...clientParts(), diary });
    await second.ready();
    expect(server.totals().byRoute.handshake).toBe(1);
    first.close();
    second.close();
  });

  it('comes again when its time is over', async () => {
    const server = await services.start();
    const mailbox = new MeshMailbox(NAME, mailboxSettings(server, { handshake: 20 }), { ...clientParts(), diary: new TestDiary() });
    await mailbox.ready();
    await new Promise((done) => setTimeout(done, 40));
    await mailbox.ready();
    expect(server.totals().byRoute.handshake).toBe(2);
    mailbox.close();
  });

  it('does not come in bursts where it fails, and what was to be sent has certainly not gone out', async () => {
    const server = await services.start();
    server.inject({ route: 'handshake', effect: 'status', status: 403, times: 0 });
    const mailbox = new MeshMailbox(NAME, mailboxSettings(server), { ...clientParts(), diary: new TestDiary() });
    const errors = await Promise.allSettled(Array.from({ length: 10 }, () => mailbox.ready()));
    const again = await mailbox.ready().catch((error: unknown) => error);
    for (const error of [...errors.map((one) => (one.status === 'rejected' ? one.reason : null)), again]) {
      expect(error).toBeInstanceOf(MeshError);
      expect(error).toMatchObject({ reached: false, unknown: false, unauthorised: true });
    }
    expect(server.totals().byRoute.handshake).toBe(1);
    mailbox.close();
  });
});

it('who reads the inbox is told when something was sent', async () => {
  const server = await services.start();
  const mailbox = new MeshMailbox(NAME, mailboxSettings(server), { ...clientParts(), diary: new TestDiary() });
  let told = 0;
  const end = mailbox.onLookSoon(() => {
    told += 1;
  });
  mailbox.lookSoon();
  end();
  mailbox.lookSoon();
  expect(told).toBe(1);
  mailbox.close();
});
