import type { Command } from 'commander';
import { Option } from 'commander';
import type { LoadedConfig } from '../../config/types.ts';
import { didYouMean } from '../../language/did-you-mean.ts';
import { brandAs, type MailboxName } from '../../records/ids.ts';
import { count } from '../arguments.ts';
import type { CliContext } from '../context.ts';
import { CommandEnd, EXIT, type ExitCode } from '../exit.ts';
import { plural } from '../findings.ts';
import { type Invocation, runs } from '../invocation.ts';
import { type MeshDesk, MeshFailed, type MeshGreeting, type MeshInboxRow } from '../mesh-desk.ts';
import { paint, showTime } from '../output.ts';
import { type Column, facts, table } from '../table.ts';

const WARN_DAYS = 30;

const greetingColumns: readonly Column<MeshGreeting>[] = [
  { title: 'MAILBOX', of: (row) => row.mailbox },
  { title: 'ID', of: (row) => row.id },
  { title: 'API', of: (row) => row.api, yields: 2 },
  { title: 'MS', of: (row) => row.milliseconds, align: 'right', yields: 3 },
  {
    title: 'CERTIFICATE',
    of: (row) => (row.certificateDays === null ? null : plural(row.certificateDays, 'day')),
    colour: (row) => (row.certificateDays !== null && row.certificateDays < WARN_DAYS ? 'red' : undefined),
  },
];

const inboxColumns: readonly Column<MeshInboxRow>[] = [
  { title: 'MESSAGE', of: (row) => row.id },
  { title: 'TYPE', of: (row) => row.type },
  { title: 'WORKFLOW', of: (row) => row.workflow, yields: 2 },
  { title: 'FROM', of: (row) => row.from, yields: 1 },
  { title: 'BYTES', of: (row) => row.size, align: 'right' },
  { title: 'CHUNKS', of: (row) => row.chunks, align: 'right', yields: 3 },
  { title: 'HERE', of: (row) => row.disposition, colour: (row) => (row.disposition === 'leave' ? 'yellow' : undefined) },
];

/** The mailbox named, or the only one there is. */
const mailboxOf = ({ config }: LoadedConfig, named: string | undefined): MailboxName => {
  const names = [...config.mailboxes.keys()];
  if (named === undefined) {
    const [only] = names;
    if (only === undefined) throw new CommandEnd(EXIT.unknown, 'no mailbox is configured', 'see `mailboxes` in docs/configuration.md');
    if (names.length === 1) return only;
    throw new CommandEnd(EXIT.usage, `say which mailbox with --mailbox: ${names.join(', ')}`);
  }
  const mailbox = brandAs<MailboxName>(named);
  if (config.mailboxes.has(mailbox)) return mailbox;
  throw new CommandEnd(EXIT.unknown, `there is no mailbox ${named}`, didYouMean(named, names).hint ?? `there are ${names.join(', ')}`);
};

const failed = (error: unknown): never => {
  if (error instanceof MeshFailed) throw new CommandEnd(error.reached ? EXIT.failed : EXIT.unreachable, error.message, error.hint);
  throw error;
};

const mailboxOption = (): Option => new Option('-m, --mailbox <name>', 'mailbox of the configuration; needed where there are several');

/** Looks into MESH mailboxes as the daemon would, for on-call and for engineers setting one up. */
export const meshVerb = (program: Command, context: CliContext, ended: (exit: ExitCode) => void): void => {
  const mesh = program.command('mesh').summary('try a MESH mailbox, see what waits in it, follow what was sent');

  const withDesk = async <T>(loaded: LoadedConfig, mailbox: MailboxName, work: (desk: MeshDesk) => Promise<T>): Promise<T> => {
    const desk = await context.mesh(loaded, mailbox);
    try {
      return await work(desk).catch(failed);
    } finally {
      await desk.close();
    }
  };
  const onOne = <T>(invocation: Invocation, command: Command, work: (desk: MeshDesk, loaded: LoadedConfig) => Promise<T>): Promise<T> => {
    const loaded = invocation.load();
    return withDesk(loaded, mailboxOf(loaded, command.opts<{ mailbox?: string }>().mailbox), (desk) => work(desk, loaded));
  };

  const handshake = mesh
    .command('handshake')
    .description('Validates mailboxes: address, certificates, password and shared key. Without --mailbox: all of them.')
    .addOption(mailboxOption());
  runs(handshake, context, ended, async (invocation) => {
    const loaded = invocation.load();
    const { mailbox } = handshake.opts<{ mailbox?: string }>();
    const names =
      mailbox === undefined && loaded.config.mailboxes.size > 0 ? [...loaded.config.mailboxes.keys()] : [mailboxOf(loaded, mailbox)];
    const rows: MeshGreeting[] = [];
    for (const name of names) rows.push(await withDesk(loaded, name, (desk) => desk.handshake()));
    invocation.show(rows, () => table(rows, greetingColumns, invocation.style));
    return EXIT.ok;
  });

  const inbox = mesh
    .command('inbox')
    .description('What waits in a mailbox, oldest first, by headers alone: nothing is downloaded or taken out.')
    .addOption(mailboxOption())
    .addOption(new Option('-n, --limit <count>', 'most rows').argParser(count).default(50))
    .option('-w, --workflow <id>', 'only this workflow id');
  runs(inbox, context, ended, (invocation) =>
    onOne(invocation, inbox, async (desk) => {
      const { limit, workflow } = inbox.opts<{ limit: number; workflow?: string }>();
      const found = await desk.inbox({ limit, ...(workflow === undefined ? {} : { workflow }) });
      invocation.show(found, () => {
        const more = found.waiting !== null && found.waiting > found.messages.length ? `${found.waiting} waiting in all\n` : '';
        return `${table(found.messages, inboxColumns, invocation.style, 'nothing waits')}${more}`;
      });
      return EXIT.ok;
    }),
  );

  const send = mesh
    .command('send <file>')
    .description('Sends a file as it is, to try a connection. It is no delivery: nothing of it is kept here. Refused on a live site.')
    .requiredOption('--to <mailbox>', 'mailbox id of the recipient')
    .requiredOption('-w, --workflow <id>', 'workflow id')
    .addOption(mailboxOption())
    .option('--local-id <text>', 'mex-localid')
    .option('--subject <text>', 'mex-subject; no patient data')
    .option('--gzip', 'compress it');
  runs(send, context, ended, (invocation, [file]) =>
    onOne(invocation, send, async (desk, { config }) => {
      if (config.environment === 'live')
        throw new CommandEnd(EXIT.refused, 'a live site sends deliveries only', 'put the file where a source of the site takes it');
      const { to, workflow, localId, subject, gzip } = send.opts<{
        to: string;
        workflow: string;
        localId?: string;
        subject?: string;
        gzip?: boolean;
      }>();
      const sent = await desk.send({
        to,
        workflow,
        file: String(file),
        compress: gzip === true,
        ...(localId === undefined ? {} : { localId }),
        ...(subject === undefined ? {} : { subject }),
      });
      const parts = sent.chunks === 1 ? '' : ` in ${sent.chunks} chunks`;
      invocation.show(sent, () => `${paint(invocation.style, 'green', 'accepted')} as ${sent.messageId}${parts}\n`);
      return EXIT.ok;
    }),
  );

  const track = mesh
    .command('track <id>')
    .description('What the service knows of a message this mailbox sent: accepted, collected, or gone wrong.')
    .addOption(mailboxOption())
    .option('--local', 'the id is a local id (deprecated in MESH, API v1)');
  runs(track, context, ended, (invocation, [id]) =>
    onOne(invocation, track, async (desk) => {
      const found = await desk.track(String(id), track.opts<{ local?: boolean }>().local === true ? 'local-id' : 'message-id');
      if (found === null) throw new CommandEnd(EXIT.unknown, `the service knows no message ${String(id)} of this mailbox`);
      const time = (at: Date | null): string | null => (at === null ? null : showTime(at));
      invocation.show(found, () =>
        facts(
          [
            ['message', found.messageId],
            ['status', found.status],
            ['uploaded', time(found.uploaded)],
            ['collected', time(found.downloaded)],
            ['code', found.code],
          ],
          invocation.style,
        ),
      );
      return EXIT.ok;
    }),
  );

  const lookup = mesh
    .command('lookup <ods> <workflow>')
    .description('Mailboxes that take a workflow for an organisation. Exactly one can be sent to; exit code 1 otherwise.')
    .addOption(mailboxOption());
  runs(lookup, context, ended, (invocation, [ods, workflow]) =>
    onOne(invocation, lookup, async (desk) => {
      const rows = await desk.lookup(String(ods).toUpperCase(), String(workflow));
      invocation.show(rows, () =>
        table(
          rows,
          [
            { title: 'MAILBOX', of: (row) => row.mailbox },
            { title: 'NAME', of: (row) => row.name, yields: 1 },
          ],
          invocation.style,
          'no mailbox takes this workflow for this organisation',
        ),
      );
      return rows.length === 1 ? EXIT.ok : EXIT.failed;
    }),
  );
};
