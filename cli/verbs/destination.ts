import type { Command } from 'commander';
import { brandAs, type DestinationName } from '../../records/ids.ts';
import { reasoned, reasonOf } from '../arguments.ts';
import type { CliContext } from '../context.ts';
import type { ExitCode } from '../exit.ts';
import { runs } from '../invocation.ts';

/** Stops and restarts sending to one destination. Deliveries go on being filed; nothing is lost and no attempt is used up. */
export const destinationVerb = (program: Command, context: CliContext, ended: (exit: ExitCode) => void): void => {
  const destination = program.command('destination').summary('pause or resume sending to a destination');
  const nameOf = ([name]: readonly unknown[]): DestinationName => brandAs<DestinationName>(String(name));

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
