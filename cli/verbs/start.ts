import type { Command } from 'commander';
import type { CliContext } from '../context.ts';
import type { ExitCode } from '../exit.ts';
import { findingLines } from '../findings.ts';
import { runs } from '../invocation.ts';

/** Runs the daemon in the foreground: SIGTERM drains and stops, SIGHUP reloads. */
export const startVerb = (program: Command, context: CliContext, ended: (exit: ExitCode) => void): void => {
  const command = program
    .command('start')
    .summary('run the daemon')
    .description('Runs the daemon. SIGTERM and Ctrl-C drain and stop it, SIGHUP reloads the configuration.');
  runs(command, context, ended, (invocation) =>
    context.start(invocation.load(), (findings) => context.err.write(findingLines(findings, invocation.style)), {
      json: invocation.style.json,
    }),
  );
};
