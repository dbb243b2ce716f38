import type { Command } from 'commander';
import type { CliContext } from '../context.ts';
import { EXIT, type ExitCode } from '../exit.ts';
import { runs } from '../invocation.ts';

/** Brings the schema of the store up to date. The daemon does the same when it starts; this is for those who want it done before. */
export const migrateVerb = (program: Command, context: CliContext, ended: (exit: ExitCode) => void): void => {
  const command = program
    .command('migrate')
    .summary('bring the store’s schema up to date')
    .description('Applies the migrations the store does not have yet, each in one transaction.');
  runs(command, context, ended, (invocation) =>
    invocation.withOperations(async (operations) => {
      const report = await operations.migrate();
      invocation.show(report, () =>
        report.applied.length === 0
          ? `schema ${report.to}, nothing to do\n`
          : `${report.applied.map((name) => `applied ${name}\n`).join('')}schema ${report.from} → ${report.to}\n`,
      );
      return EXIT.ok;
    }),
  );
};
