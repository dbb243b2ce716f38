import { type Command, Option } from 'commander';
import { moment } from '../arguments.ts';
import type { CliContext } from '../context.ts';
import { EXIT, type ExitCode } from '../exit.ts';
import { plural } from '../findings.ts';
import { runs } from '../invocation.ts';
import type { DestinationRow } from '../operations.ts';
import { paint, showTime } from '../output.ts';
import { type Column, table } from '../table.ts';

const WEEK = 7 * 86_400_000;

type Shown = DestinationRow & { readonly configured: boolean };

const stateOf = (row: Shown): string => {
  if (!row.configured) return 'not configured';
  if (row.paused) return 'paused';
  return row.breakerUntil === null ? 'open' : 'down';
};

/** Lanes, by what they do: a lane is one patient to one destination. */
export const destinationColumns: readonly Column<Shown>[] = [
  { title: 'DESTINATION', of: (row) => row.name },
  { title: 'STATE', of: stateOf, colour: (row) => (stateOf(row) === 'open' ? 'green' : 'red') },
  { title: 'DUE', of: (row) => row.due, align: 'right' },
  { title: 'SENDING', of: (row) => row.sending + row.ambiguous, align: 'right', yields: 2 },
  { title: 'RETRYING', of: (row) => row.backoff, align: 'right' },
  { title: 'HELD', of: (row) => row.held, align: 'right', colour: (row) => (row.held > 0 ? 'red' : undefined) },
  { title: 'CONFIRMING', of: (row) => row.confirming, align: 'right', yields: 1 },
  { title: 'OLDEST DUE', of: (row) => (row.oldestDue === null ? null : showTime(row.oldestDue)), yields: 3 },
];

/** The first thing to type at night: is it running, does anything wait for a person, was anything lost. */
export const statusVerb = (program: Command, context: CliContext, ended: (exit: ExitCode) => void): void => {
  const command = program
    .command('status')
    .summary('is it running, what waits, was anything lost')
    .description(
      'Daemons, open holds, destinations and both conservation lines. Exit code 1 when no daemon runs or a line does not balance.',
    )
    .addOption(new Option('--since <when>', 'lines of what was received since: 15m, 2h, 7d, or a date (default: 7d)').argParser(moment));
  runs(command, context, ended, (invocation) =>
    invocation.withOperations(async (operations, { config }) => {
      const since = command.opts<{ since?: Date }>().since ?? new Date(Date.now() - WEEK);
      const [daemons, { openHolds, lines, balanced }, found] = [
        await operations.runningDaemons(),
        await operations.standing(since),
        await operations.listDestinations(),
      ];
      const destinations = found.map((row) => ({ ...row, configured: config.destinations.has(row.name) }));
      const sound = daemons > 0 && balanced;
      invocation.show({ ok: sound, daemons, since, openHolds, lines, balanced, destinations }, () => {
        const { style } = invocation;
        const running =
          daemons > 0 ? paint(style, 'green', plural(daemons, 'daemon')) : paint(style, 'red', 'no daemon is running (throughcare start)');
        const holds =
          openHolds === 0 ? 'nothing is held' : paint(style, 'red', `${plural(openHolds, 'hold')} open (throughcare hold list)`);
        const verdict = balanced ? 'both lines balance: nothing is lost' : paint(style, 'red', 'the lines do not balance: report it');
        return `${running}; ${holds}\n\nsince ${showTime(since)}\n${lines.join('\n')}\n${verdict}\n\n${table(destinations, destinationColumns, style, 'no destinations')}`;
      });
      return sound ? EXIT.ok : EXIT.failed;
    }),
  );
};
