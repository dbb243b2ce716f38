import type { Command } from 'commander';
import { FAULTS, type FaultCode } from '../../records/faults.ts';
import { brandAs, type DestinationName, type HoldId, type SourceName } from '../../records/ids.ts';
import { codeOption, id, type PageOptions, paged, pageOf, reasoned, reasonOf } from '../arguments.ts';
import type { CliContext } from '../context.ts';
import { CommandEnd, EXIT, type ExitCode } from '../exit.ts';
import { runs } from '../invocation.ts';
import type { HoldDetail, HoldRow } from '../operations.ts';
import { paint, type Style, showTime } from '../output.ts';
import { type Column, facts, table } from '../table.ts';

const aboutOf = (row: HoldRow): string => {
  if (row.delivery !== null) return `delivery ${row.delivery}`;
  return row.message === null ? '–' : `message ${row.message}${row.part === null || row.part === 1 ? '' : ` part ${row.part}`}`;
};

/** Also part of `message show`. */
export const holdColumns: readonly Column<HoldRow>[] = [
  { title: 'ID', of: (row) => row.id, align: 'right' },
  { title: 'REASON', of: (row) => row.reason, colour: (row) => (row.closed === null ? 'red' : 'grey') },
  { title: 'ABOUT', of: aboutOf },
  { title: 'WHERE', of: (row) => row.destination ?? row.source, yields: 3 },
  { title: 'OPENED', of: (row) => showTime(row.opened), yields: 2 },
  { title: 'MEANS', of: (row) => FAULTS[row.reason].means, yields: 1 },
];

/** The commands themselves, to be copied at night. */
const nextSteps = ({ id: hold, delivery, message }: HoldDetail): string => {
  const look =
    delivery !== null ? `throughcare delivery show ${delivery}` : message !== null ? `throughcare message show ${message}` : null;
  return [
    '\nnext:\n',
    look === null ? '' : `  ${look}\n`,
    `  throughcare hold release ${hold} --reason "…"     ${delivery === null ? 'process it again' : 'send it; its lane goes on'}\n`,
    `  throughcare hold withdraw ${hold} --reason "…"    ${delivery === null ? 'do not use it' : 'do not send it; its lane goes on'}\n`,
  ].join('');
};

const detail = (hold: HoldDetail, style: Style): string => {
  const { means, next } = FAULTS[hold.reason];
  const head = `${paint(style, 'bold', `hold ${hold.id}`)} ${paint(style, 'red', hold.reason)}\n${means}\n${paint(style, 'bold', next)}\n\n`;
  return (
    head +
    facts(
      [
        ['about', aboutOf(hold)],
        ['source', hold.source],
        ['destination', hold.destination],
        ['opened', showTime(hold.opened)],
        ['rule', hold.rule],
        ['position', hold.position],
        ['says', hold.say],
        ['waiting behind it', hold.waitingBehind],
        ['left meanwhile', hold.leftMeanwhile],
        ['closed', hold.closed === null ? null : `${showTime(hold.closed)} by ${hold.closedBy ?? '–'}`],
        ['closed because', hold.closedWhy],
      ],
      style,
    ) +
    (hold.closed === null ? nextSteps(hold) : '')
  );
};

interface ListOptions extends PageOptions {
  readonly code?: FaultCode;
  readonly source?: string;
  readonly destination?: string;
  readonly all?: boolean;
}

export const holdVerb = (program: Command, context: CliContext, ended: (exit: ExitCode) => void): void => {
  const hold = program.command('hold').summary('look at what a person must decide, and decide it');

  const list = paged(hold.command('list').description('What waits for a person, newest first.'))
    .addOption(codeOption())
    .option('--source <name>', 'only from this source')
    .option('--destination <name>', 'only to this destination')
    .option('--all', 'closed ones too');
  runs(list, context, ended, (invocation) =>
    invocation.withOperations(async (operations, { config }) => {
      const { code, source, destination, all, ...page } = list.opts<ListOptions>();
      const rows = await operations.listHolds({
        ...pageOf(page),
        all: all === true,
        ...(code === undefined ? {} : { code }),
        ...(source === undefined ? {} : { source: brandAs<SourceName>(source) }),
        ...(destination === undefined ? {} : { destination: brandAs<DestinationName>(destination) }),
      });
      invocation.knownName('source', source, rows, config.sources.keys());
      invocation.knownName('destination', destination, rows, config.destinations.keys());
      invocation.show(rows, () => table(rows, holdColumns, invocation.style, 'nothing is held'));
      return EXIT.ok;
    }),
  );

  const show = hold
    .command('show')
    .description('What happened, what is safe to do, and what has left meanwhile.')
    .argument('<id>', 'id of the hold', id);
  runs(show, context, ended, (invocation, [given]) =>
    invocation.withOperations(async (operations) => {
      const found = await operations.showHold(brandAs<HoldId>(Number(given)));
      if (found === null) throw new CommandEnd(EXIT.unknown, `there is no hold ${String(given)}`);
      const { means, next } = FAULTS[found.reason];
      invocation.show({ ...found, means, next }, () => detail(found, invocation.style));
      return EXIT.ok;
    }),
  );

  const release = reasoned(
    hold
      .command('release')
      .description('A held message is processed again, now; a held delivery is sent, and its lane goes on.')
      .argument('<id>', 'id of the hold', id),
  );
  runs(release, context, ended, (invocation, [given]) =>
    invocation.act(`hold ${String(given)}`, 'released', reasonOf(release), (operations, act) =>
      operations.releaseHold(brandAs<HoldId>(Number(given)), act),
    ),
  );
  const withdraw = reasoned(
    hold
      .command('withdraw')
      .description('A held message is not used; a held delivery is not sent, and its lane goes on.')
      .argument('<id>', 'id of the hold', id),
  );
  runs(withdraw, context, ended, (invocation, [given]) =>
    invocation.act(`hold ${String(given)}`, 'withdrawn', reasonOf(withdraw), (operations, act) =>
      operations.withdrawHold(brandAs<HoldId>(Number(given)), act),
    ),
  );
};
