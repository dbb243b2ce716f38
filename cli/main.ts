import { Command, CommanderError } from 'commander';
import { describeFailure, type Failure } from '../telemetry/failure.ts';
import type { CliContext } from './context.ts';
import { CommandEnd, EXIT, EXIT_HELP, type ExitCode } from './exit.ts';
import { shared } from './invocation.ts';
import { paint, styleOf } from './output.ts';
import { checkVerb } from './verbs/check.ts';
import { deliveryVerb } from './verbs/delivery.ts';
import { demoVerb } from './verbs/demo.ts';
import { destinationVerb } from './verbs/destination.ts';
import { holdVerb } from './verbs/hold.ts';
import { meshVerb } from './verbs/mesh.ts';
import { meshServerVerb } from './verbs/mesh-server.ts';
import { messageVerb } from './verbs/message.ts';
import { migrateVerb } from './verbs/migrate.ts';
import { startVerb } from './verbs/start.ts';
import { statusVerb } from './verbs/status.ts';

const verbs = [
  startVerb,
  checkVerb,
  statusVerb,
  messageVerb,
  holdVerb,
  deliveryVerb,
  destinationVerb,
  meshVerb,
  migrateVerb,
  demoVerb,
  meshServerVerb,
];

/** Errors of connections and of a server that is gone; the rest of 08 and 57P are found by their class. */
const NETWORK = /^(ECONNREFUSED|ECONNRESET|ENOTFOUND|EHOSTUNREACH|ENETUNREACH|ETIMEDOUT|EAI_AGAIN|EPIPE|store-unavailable)$|^08|^57P/;

/** Applies to this command and those below it, made already or still to be made. */
const configure = (command: Command, context: CliContext): void => {
  command.exitOverride().configureOutput({
    writeOut: (text) => context.out.write(text),
    writeErr: (text) => context.err.write(text),
    getOutHelpWidth: () => context.out.columns ?? 80,
    getErrHelpWidth: () => context.err.columns ?? 80,
  });
  for (const below of command.commands) configure(below, context);
};

const program = (context: CliContext, ended: (exit: ExitCode) => void): Command => {
  const command = new Command('throughcare')
    .description('Keeps the health record with the patient: from GP to establishment, from one to the next, and back to the GP.')
    .version(context.version)
    .showSuggestionAfterError()
    .showHelpAfterError('(--help shows what there is)')
    .addHelpText('after', `\n${EXIT_HELP}`);
  shared(command);
  for (const verb of verbs) verb(command, context, ended);
  configure(command, context);
  return command;
};

const failure = (error: unknown, argv: readonly string[], context: CliContext): ExitCode => {
  const style = styleOf({ json: argv.includes('--json'), color: !argv.includes('--no-color') }, context.err, context.environment);
  const say = (message: string, hint?: string): void => {
    if (style.json) {
      context.err.write(`${JSON.stringify({ error: message, ...(hint === undefined ? {} : { hint }) })}\n`);
      return;
    }
    context.err.write(`${paint(style, 'red', 'error:')} ${message}${hint === undefined ? '' : ` (${hint})`}\n`);
  };
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  if (error instanceof CommandEnd) {
    say(error.message, error.hint);
    return error.exit;
  }
  const failed = describeFailure(error);
  if (codesOf(failed).some((code) => NETWORK.test(code))) {
    say(failed.code === 'problem' ? (failed.detail ?? '') : `the store does not answer: ${failed.detail ?? failed.code}`, STORE_HINT);
    return EXIT.unreachable;
  }
  if (failed.code === 'problem') say(failed.detail ?? '');
  else {
    // The words of an unknown error may quote data: its code and place are shown, not its message.
    say(`${failed.class} ${failed.code}${failed.detail === undefined ? '' : `: ${failed.detail}`}`);
    if (!style.json) for (const frame of failed.frames) context.err.write(`  at ${frame}\n`);
  }
  return EXIT.failed;
};

const STORE_HINT = 'see store.url in the configuration, and whether PostgreSQL runs';
/** An error and what caused it. */
const codesOf = ({ code, cause }: Failure): string[] => [code, ...(cause === undefined ? [] : codesOf(cause))];

/** Runs one command line (without the program's own name) and gives its exit code. Never throws. */
export const runCli = async (argv: readonly string[], context: CliContext): Promise<ExitCode> => {
  let exit: ExitCode = EXIT.ok;
  try {
    await program(context, (code) => {
      exit = code;
    }).parseAsync([...argv], { from: 'user' });
    return exit;
  } catch (error) {
    return failure(error, argv, context);
  }
};
