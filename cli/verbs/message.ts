import { type Command, Option } from 'commander';
import type { FaultCode } from '../../records/faults.ts';
import { brandAs, type MessageId, type SourceName } from '../../records/ids.ts';
import type { MessageState } from '../../records/states.ts';
import { codeOption, id, type PageOptions, paged, pageOf, revealing, revealReason } from '../arguments.ts';
import type { CliContext } from '../context.ts';
import { CommandEnd, EXIT, type ExitCode } from '../exit.ts';
import { runs } from '../invocation.ts';
import { payloadText } from '../output.ts';
import { table } from '../table.ts';
import { messageColumns, messagePage, traceColumns } from './message-view.ts';

const STATES: readonly MessageState[] = ['unprocessed', 'processed', 'held', 'rejected', 'ignored', 'duplicate'];

interface ListOptions extends PageOptions {
  readonly source?: string;
  readonly state?: MessageState;
  readonly code?: FaultCode;
  readonly type?: string;
  readonly controlId?: string;
}

export const messageVerb = (program: Command, context: CliContext, ended: (exit: ExitCode) => void): void => {
  const message = program.command('message').summary('look at received messages and what became of them');
  const unknown = (given: unknown): CommandEnd => new CommandEnd(EXIT.unknown, `there is no message ${String(given)}`);

  const list = paged(message.command('list').description('Received messages, newest first.'))
    .option('--source <name>', 'only from this source')
    .addOption(new Option('--state <state>', 'only in this state').choices(STATES))
    .addOption(codeOption())
    .option('--type <event>', 'only this event, like ADT^A01')
    .option('--control-id <id>', 'only with this MSH-10');
  runs(list, context, ended, (invocation) =>
    invocation.withOperations(async (operations, { config }) => {
      const { source, state, code, type, controlId, ...page } = list.opts<ListOptions>();
      const rows = await operations.listMessages({
        ...pageOf(page),
        ...(source === undefined ? {} : { source: brandAs<SourceName>(source) }),
        ...(state === undefined ? {} : { state }),
        ...(code === undefined ? {} : { code }),
        ...(type === undefined ? {} : { type }),
        ...(controlId === undefined ? {} : { controlId }),
      });
      invocation.knownName('source', source, rows, config.sources.keys());
      invocation.show(rows, () => table(rows, messageColumns, invocation.style, 'no messages'));
      return EXIT.ok;
    }),
  );

  const show = revealing(
    message
      .command('show')
      .description(
        'What is known of one message, without patient data. --reveal shows the message itself; that is kept in the audit with your name and reason.',
      )
      .argument('<id>', 'id of the message', id),
    'show the message as received',
  );
  runs(show, context, ended, (invocation, [given]) => {
    const reason = revealReason(show);
    const messageId = brandAs<MessageId>(Number(given));
    return invocation.withOperations(async (operations) => {
      if (reason !== undefined) {
        const bytes = await operations.revealMessage(messageId, { by: context.user, reason });
        if (bytes === null) throw unknown(given);
        if (invocation.style.json) invocation.show({ id: messageId, base64: bytes.toString('base64') }, () => '');
        // Into a file or pipe go the bytes as they came; a terminal gets lines.
        else context.out.write(context.out.isTTY === true ? payloadText(bytes) : bytes);
        return EXIT.ok;
      }
      const found = await operations.showMessage(messageId);
      if (found === null) throw unknown(given);
      invocation.show(found, () => messagePage(found, invocation.style));
      return EXIT.ok;
    });
  });

  const trace = message
    .command('trace')
    .description('Everything that happened to one message, oldest first.')
    .argument('<id>', 'id of the message', id);
  runs(trace, context, ended, (invocation, [given]) =>
    invocation.withOperations(async (operations) => {
      const steps = await operations.traceMessage(brandAs<MessageId>(Number(given)));
      if (steps === null) throw unknown(given);
      invocation.show(steps, () => table(steps, traceColumns, invocation.style, 'no steps'));
      return EXIT.ok;
    }),
  );
};
