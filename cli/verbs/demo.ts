import type { Command } from 'commander';
import type { CliContext } from '../context.ts';
import type { ExitCode } from '../exit.ts';

/** Plays the example site's journey on a real daemon. */
export const demoVerb = (program: Command, context: CliContext, ended: (exit: ExitCode) => void): void => {
  program
    .command('demo')
    .summary('play the example journey on a real daemon')
    .description('Starts the daemon with the example site, plays its journey through real sockets and folders, and stays up until Ctrl-C.')
    .option('--exit', 'stop after the conservation lines; exit code 0 only if both balance and every step went as expected')
    .action(async (options: { readonly exit?: boolean }) => ended(await context.demo({ exit: options.exit === true })));
};
