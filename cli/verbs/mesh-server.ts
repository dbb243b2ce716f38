import { type Command, InvalidArgumentError, Option } from 'commander';
import type { CliContext, MeshServerFacts } from '../context.ts';
import { CommandEnd, EXIT, type ExitCode } from '../exit.ts';
import { runs } from '../invocation.ts';

const LOOPBACK = /^(?:127(?:\.\d{1,3}){3}|::1|localhost)$/;
const UNITS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

const port = (text: string): number => {
  const value = Number(text);
  if (!/^\d{1,5}$/.test(text) || value > 65_535)
    throw new InvalidArgumentError('A port is a number up to 65535; 0 lets the system choose.');
  return value;
};
const speed = (text: string): number => {
  if (!/^\d{1,6}(?:\.\d+)?$/.test(text)) throw new InvalidArgumentError('How many seconds the server counts in one, for instance 60.');
  return Number(text);
};
const ahead = (text: string): number => {
  const parts = /^(\d{1,6})([smhd])$/.exec(text);
  if (parts === null) throw new InvalidArgumentError('Write 90s, 15m, 2h or 5d.');
  return Number(parts[1]) * (UNITS[parts[2] ?? ''] ?? 0);
};

interface Options {
  readonly host: string;
  readonly allowRemote?: boolean;
  readonly port: number;
  readonly adminPort: number;
  readonly settings?: string;
  readonly data?: string;
  readonly tls: boolean;
  readonly speed: number;
  readonly clockAhead: number;
}

const shown = ({ url, adminUrl, sharedKey, tls, mailboxes }: MeshServerFacts): string =>
  [
    `A stand-in MESH server listens at ${url}. For invented patients only; Ctrl-C ends it.`,
    `  admin door    ${adminUrl}`,
    `  shared key    ${sharedKey}`,
    ...(tls === undefined ? [] : [`  authority     ${tls.ca}`, `  certificate   ${tls.cert}`, `  its key       ${tls.key}`]),
    ...mailboxes.map(({ id, password }) => `  mailbox       ${id}, password ${password}`),
    '',
  ].join('\n');

/** Runs a stand-in for the national MESH service, for engineers who build and try an interface. */
export const meshServerVerb = (program: Command, context: CliContext, ended: (exit: ExitCode) => void): void => {
  const command = program
    .command('mesh-server')
    .summary('run a stand-in MESH server')
    .description(
      'Runs a server that speaks the MESH API and is as strict as the national one, to build and try interfaces against. Needs no daemon and no configuration.',
    )
    .addOption(new Option('--port <port>', 'where it listens; 0: any').argParser(port).default(8700))
    .addOption(new Option('--admin-port <port>', 'where its admin door is, on 127.0.0.1; 0: any').argParser(port).default(8701))
    .option('--host <address>', 'address it listens on', '127.0.0.1')
    .option('--allow-remote', 'allow an address that other machines reach')
    .option('--settings <file>', 'mailboxes, patients, strictness (default: two example mailboxes)')
    .option('--data <folder>', 'keeps messages and certificates there (default: nothing is kept)')
    .option('--no-tls', 'plain http, without certificates')
    .addOption(new Option('--speed <factor>', 'seconds the server counts in one').argParser(speed).default(1))
    .addOption(new Option('--clock-ahead <duration>', 'its clock goes ahead by this: 2h, 5d').argParser(ahead).default(0));
  runs(command, context, ended, (invocation) => {
    const { allowRemote, host, port: own, adminPort, settings, data, tls, speed: factor, clockAhead } = command.opts<Options>();
    if (allowRemote !== true && !LOOPBACK.test(host))
      throw new CommandEnd(EXIT.usage, `${host} can be reached from other machines`, 'add --allow-remote if that is meant');
    const files = { ...(settings === undefined ? {} : { settings }), ...(data === undefined ? {} : { data }) };
    return context.meshServer({ host, port: own, adminPort, tls, speed: factor, offset: clockAhead, ...files }, (facts) =>
      invocation.print(invocation.style.json ? `${JSON.stringify(facts)}\n` : shown(facts)),
    );
  });
};
