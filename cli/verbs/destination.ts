import type { Command } from 'commander';
import { brandAs, type DestinationName } from '../../records/ids.ts';
import { reasoned, reasonOf } from '../arguments.ts';
import type { CliContext } from '../context.ts';
import { EXIT, type ExitCode } from '../exit.ts';
import { runs } from '../invocation.ts';
import { table } from '../table.ts';
import { destinationColumns } from './status.ts';

/** Stops and restarts sending to one destination. Deliveries go on being filed; nothing is lost and no attempt is used up. */
export const destinationVerb = (program: Command, context: CliContext, ended: (exit: ExitCode) => void): void => {
  const destination = program.command('destination').summary('see destinations, pause or resume sending to them');
  const nameOf = ([name]: readonly unknown[]): DestinationName => brandAs<DestinationName>(String(name));

  const list = destination.command('list').description('Every destination: what waits for it, what is in its way.');
  runs(list, context, ended, (invocation) =>
    invocation.withOperations(async (operations, { config }) => {
      const rows = (await operations.listDestinations()).map((row) => ({ ...row, configured: config.destinations.has(row.name) }));
      invocation.show(rows, () => table(rows, destinationColumns, invocation.style, 'no destinations'));
      return EXIT.ok;
    }),
  );

  const pause = reasoned(
    destination
      .command('pause <name>')
      .description('Sends nothing more to this destination until it is resumed. What is being sent now ends as it may.'),
  );
  runs(pause, context, ended, (invocation, args) =>
    invocation.act(`destination ${nameOf(args)}`, 'paused', reasonOf(pause), (operations, act) =>
      operations.pauseDestination(nameOf(args), act),
    ),
  );
  const resume = reasoned(destination.command('resume <name>').description('Goes on sending, each lane where it stopped.'));
  runs(resume, context, ended, (invocation, args) =>
    invocation.act(`destination ${nameOf(args)}`, 'resumed', reasonOf(resume), (operations, act) =>
      operations.resumeDestination(nameOf(args), act),
    ),
  );
};
