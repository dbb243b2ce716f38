import { type Command, Option } from 'commander';
import { brandAs, type DeliveryId, type DestinationName, type MessageId } from '../../records/ids.ts';
import type { DeliveryView } from '../../records/states.ts';
import { id, type PageOptions, paged, pageOf, reasoned, reasonOf, revealing, revealReason } from '../arguments.ts';
import type { CliContext } from '../context.ts';
import { CommandEnd, EXIT, type ExitCode } from '../exit.ts';
import { runs } from '../invocation.ts';
import type { Act, ActResult, AttemptRow, DeliveryDetail, DeliveryRow, Operations, ReceiptRow } from '../operations.ts';
import { type Colour, paint, payloadText, type Style, showTime } from '../output.ts';
import { type Column, facts, table } from '../table.ts';

const STATES: readonly DeliveryView[] = ['waiting', 'sending', 'held', 'handed-over', 'confirmed', 'withdrawn'];
const stateColour: Readonly<Record<DeliveryView, Colour | undefined>> = {
  waiting: undefined,
  sending: 'yellow',
  held: 'red',
  'handed-over': 'green',
  confirmed: 'green',
  withdrawn: 'grey',
};

/** Also part of `message show`. */
export const deliveryColumns: readonly Column<DeliveryRow>[] = [
  { title: 'ID', of: (row) => row.id, align: 'right' },
  { title: 'STATE', of: (row) => row.state, colour: (row) => stateColour[row.state] },
  { title: 'DESTINATION', of: (row) => row.destination, yields: 5 },
  { title: 'LANE', of: (row) => row.lane, align: 'right', yields: 3 },
  { title: 'MESSAGE', of: (row) => row.message, align: 'right' },
  { title: 'TRIES', of: (row) => row.attempts, align: 'right', yields: 4 },
  { title: 'LAST', of: (row) => row.lastCode ?? row.receiptCode, yields: 6 },
  { title: 'NEXT', of: (row) => (row.nextAt === null ? null : showTime(row.nextAt)), yields: 2 },
  { title: 'FAR ID', of: (row) => row.farId, yields: 0 },
  { title: 'KEY', of: (row) => row.transportKey, yields: 1 },
];

interface ListOptions extends PageOptions {
  readonly destination?: string;
  readonly state?: DeliveryView;
  readonly message?: number;
}

export const deliveryVerb = (program: Command, context: CliContext, ended: (exit: ExitCode) => void): void => {
  const delivery = program.command('delivery').summary('look at deliveries, try them again, skip or withdraw them');

  const list = paged(delivery.command('list').description('Deliveries, newest first.'))
    .option('--destination <name>', 'only to this destination')
    .addOption(new Option('--state <state>', 'only in this state').choices(STATES))
    .addOption(new Option('--message <id>', 'only of this message').argParser(id));
  runs(list, context, ended, (invocation) =>
    invocation.withOperations(async (operations, { config }) => {
      const { destination, state, message, ...page } = list.opts<ListOptions>();
      const rows = await operations.listDeliveries({
        ...pageOf(page),
        ...(destination === undefined ? {} : { destination: brandAs<DestinationName>(destination) }),
        ...(state === undefined ? {} : { state }),
        ...(message === undefined ? {} : { message: brandAs<MessageId>(message) }),
      });
      invocation.knownName('destination', destination, rows, config.destinations.keys());
      invocation.show(rows, () => table(rows, deliveryColumns, invocation.style, 'no deliveries'));
      return EXIT.ok;
    }),
  );

  showVerb(delivery, context, ended);

  const acts: readonly (readonly [
    string,
    string,
    string,
    (operations: Operations, delivery: DeliveryId, act: Act) => Promise<ActResult>,
  ])[] = [
    [
      'retry',
      'tried again',
      'Tries it now: what waits for its back-off, or is held.',
      (operations, one, act) => operations.retryDelivery(one, act),
    ],
    [
      'skip',
      'skipped',
      'The first delivery of a lane is not sent; the lane goes on with the next.',
      (operations, one, act) => operations.skipDelivery(one, act),
    ],
    ['withdraw', 'withdrawn', 'Not sent, wherever it stands in its lane.', (operations, one, act) => operations.withdrawDelivery(one, act)],
  ];
  for (const [verb, done, description, work] of acts) {
    const command = reasoned(delivery.command(verb).description(description)).argument('<id>', 'id of the delivery', id);
    runs(command, context, ended, (invocation, [given]) =>
      invocation.act(`delivery ${String(given)}`, done, reasonOf(command), (operations, act) =>
        work(operations, brandAs<DeliveryId>(Number(given)), act),
      ),
    );
  }
};

const attemptColumns: readonly Column<AttemptRow>[] = [
  { title: 'AT', of: (row) => showTime(row.at) },
  { title: 'OUTCOME', of: (row) => row.outcome, colour: (row) => (row.outcome === 'permanent' ? 'red' : undefined) },
  { title: 'CODE', of: (row) => row.code },
  { title: 'RECEIPT', of: (row) => row.receiptCode, yields: 1 },
  { title: 'BYTES LEFT', of: (row) => (row.sentBytes ? 'yes' : 'no'), yields: 2 },
  { title: 'REPLY KEPT', of: (row) => (row.hasReply ? 'yes' : 'no'), yields: 3 },
];

const receiptColumns: readonly Column<ReceiptRow>[] = [
  { title: 'AT', of: (row) => showTime(row.at) },
  { title: 'STAGE', of: (row) => row.stage, colour: (row) => (row.good ? undefined : 'red') },
  { title: 'CODE', of: (row) => row.code },
  { title: 'MEANS', of: (row) => row.fault, yields: 4 },
  { title: 'HAPPENED', of: (row) => (row.happened === null ? null : showTime(row.happened)), yields: 2 },
  { title: 'MESSAGE', of: (row) => row.message, align: 'right', yields: 1 },
  { title: 'FAR ID', of: (row) => (row.farId === null ? null : row.former ? `${row.farId} (former send)` : row.farId), yields: 3 },
];

const deliveryPage = (found: DeliveryDetail, style: Style): string => {
  const head = facts(
    [
      ['delivery', found.id],
      ['state', found.state + (found.withdrawn === null ? '' : ` (${found.withdrawn})`)],
      ['destination', found.destination],
      ['lane', `${found.lane} (${found.phase})`],
      ['message', found.message],
      ['key', found.transportKey],
      ['tries', found.attempts],
      ['first sent', found.sentFirst === null ? null : showTime(found.sentFirst)],
      ['left', found.done === null ? null : showTime(found.done)],
      ['receipt', found.receiptCode],
      ['sends again', found.resendOf === null ? null : `delivery ${found.resendOf}`],
      ['far side’s id', found.farId],
      ['overdue', found.overdue ? 'yes' : null],
      ['next try', found.nextAt === null ? null : showTime(found.nextAt)],
    ],
    style,
  );
  const tried =
    found.tried.length === 0
      ? ''
      : `\n${paint(style, 'bold', 'Attempts that did not get through')}\n${table(found.tried, attemptColumns, style)}`;
  const receipts =
    found.receipts.length === 0
      ? ''
      : `\n${paint(style, 'bold', 'What the far side said of it')}\n${table(found.receipts, receiptColumns, style)}`;
  return head + tried + receipts;
};

const showVerb = (delivery: Command, context: CliContext, ended: (exit: ExitCode) => void): void => {
  const show = revealing(
    delivery
      .command('show')
      .description(
        'One delivery with its attempts. --reveal shows the receiver’s own words; that is kept in the audit with your name and reason.',
      )
      .argument('<id>', 'id of the delivery', id),
    'show what the receiver answered',
  );
  runs(show, context, ended, (invocation, [given]) => {
    const reason = revealReason(show);
    const deliveryId = brandAs<DeliveryId>(Number(given));
    return invocation.withOperations(async (operations) => {
      const found = await operations.showDelivery(deliveryId);
      if (found === null) throw new CommandEnd(EXIT.unknown, `there is no delivery ${String(given)}`);
      const replies = reason === undefined ? null : await operations.revealReplies(deliveryId, { by: context.user, reason });
      invocation.show({ ...found, ...(replies === null ? {} : { replies }) }, () => {
        const page = deliveryPage(found, invocation.style);
        if (replies === null) return page;
        const words =
          replies.length === 0
            ? 'no reply was kept\n'
            : replies.map(({ at, text }) => `${showTime(at)}\n${payloadText(Buffer.from(text))}`).join('\n');
        return `${page}\n${paint(invocation.style, 'bold', 'Replies')}\n${words}`;
      });
      return EXIT.ok;
    });
  });
};
