import { type Command, Option } from 'commander';
import { brandAs, type DeliveryId, type DestinationName, type MessageId } from '../../records/ids.ts';
import type { DeliveryView } from '../../records/states.ts';
import { id, type PageOptions, paged, pageOf, reasoned, reasonOf } from '../arguments.ts';
import type { CliContext } from '../context.ts';
import { EXIT, type ExitCode } from '../exit.ts';
import { runs } from '../invocation.ts';
import type { Act, ActResult, DeliveryRow, Operations } from '../operations.ts';
import { type Colour, showTime } from '../output.ts';
import { type Column, table } from '../table.ts';

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
    invocation.withOperations(async (operations) => {
      const { destination, state, message, ...page } = list.opts<ListOptions>();
      const rows = await operations.listDeliveries({
        ...pageOf(page),
        ...(destination === undefined ? {} : { destination: brandAs<DestinationName>(destination) }),
        ...(state === undefined ? {} : { state }),
        ...(message === undefined ? {} : { message: brandAs<MessageId>(message) }),
      });
      invocation.show(rows, () => table(rows, deliveryColumns, invocation.style, 'no deliveries'));
      return EXIT.ok;
    }),
  );

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
