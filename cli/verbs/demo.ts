import type { Command } from 'commander';
import type { CliContext } from '../context.ts';
import type { ExitCode } from '../exit.ts';
import { runs } from '../invocation.ts';

/** Plays the example site's journey on a real daemon. */
export const demoVerb = (program: Command, context: CliContext, ended: (exit: ExitCode) => void): void => {
  const command = program
    .command('demo')
    .summary('play the example journey on a real daemon')
    .description('Starts the daemon with the example site, plays its journey through real sockets and folders, and stays up until Ctrl-C.')
    .option('--exit', 'stop after the conservation lines; exit code 0 only if both balance and every step went as expected');
  runs(command, context, ended, ({ style: { json } }) =>
    context.demo({ exit: command.opts<{ readonly exit?: boolean }>().exit === true, json }),
  );
};
