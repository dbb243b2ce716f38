import type { Command } from 'commander';
import { loadConfig } from '../../config/load.ts';
import type { CliContext } from '../context.ts';
import { EXIT, type ExitCode } from '../exit.ts';
import { findingCount, findingLines, hasErrors, plural } from '../findings.ts';
import { runs } from '../invocation.ts';
import { paint } from '../output.ts';

/** Everything wrong with configuration, directory, mappings and routes, at once. Touches store and far sides only with --connect. */
export const checkVerb = (program: Command, context: CliContext, ended: (exit: ExitCode) => void): void => {
  const command = program
    .command('check')
    .summary('find everything wrong with configuration, directory, mappings and routes')
    .description('Prints `file:line:col severity code message` for everything wrong, all at once. Exit code 1 when there is an error.')
    .option('--connect', 'also try every destination, folder and configured server; nothing is sent or written');
  runs(command, context, ended, async (invocation) => {
    const { loaded, findings } = loadConfig(invocation.configFile, { environment: context.environment });
    const planned = [...findings, ...(loaded === undefined ? [] : await context.checkPlan(loaded))];
    const connect = command.opts<{ connect?: boolean }>().connect === true && loaded !== undefined;
    const reached = connect ? await context.checkConnections(loaded) : null;
    const all = [...planned, ...(reached?.findings ?? [])];
    const failed = hasErrors(all);
    const tried = reached === null ? {} : { tried: reached.tried, reached: reached.tried - reached.findings.length };
    invocation.show({ ok: !failed, ...tried, findings: all }, () => {
      const lines = findingLines(all, invocation.style);
      if (failed) {
        const more = loaded === undefined ? '; directory, mappings and routes are looked at once the configuration is sound' : '';
        const far = reached === null ? '' : `; ${reached.tried - reached.findings.length} of ${reached.tried} reached`;
        return `${lines}${paint(invocation.style, 'red', findingCount(all))}${more}${far}\n`;
      }
      const counted = all.length === 0 ? 'nothing wrong' : findingCount(all);
      const { sources, destinations, routes } = loaded?.config ?? { sources: new Map(), destinations: new Map(), routes: [] };
      return `${lines}${paint(invocation.style, 'green', counted)}: ${plural(sources.size, 'source')}, ${plural(destinations.size, 'destination')}, ${plural(routes.length, 'route')}${reached === null ? '' : `; all ${reached.tried} reached`}\n`;
    });
    return failed ? EXIT.failed : EXIT.ok;
  });
};
