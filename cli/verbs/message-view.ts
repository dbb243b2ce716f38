import type { MessageState } from '../../records/states.ts';
import type { TraceStep } from '../../records/trace.ts';
import type { MessageDetail, MessageRow, PartRow, SegmentShape } from '../operations.ts';
import { type Colour, paint, type Style, showTime } from '../output.ts';
import { type Column, facts, table } from '../table.ts';
import { deliveryColumns } from './delivery.ts';
import { holdColumns } from './hold.ts';

const stateColour: Readonly<Record<MessageState, Colour | undefined>> = {
  unprocessed: 'yellow',
  processed: 'green',
  held: 'red',
  rejected: 'red',
  ignored: 'grey',
  duplicate: 'grey',
};

const showSize = (bytes: number): string =>
  bytes < 1024 ? `${bytes} B` : bytes < 1024 ** 2 ? `${(bytes / 1024).toFixed(1)} kB` : `${(bytes / 1024 ** 2).toFixed(1)} MB`;

export const messageColumns: readonly Column<MessageRow>[] = [
  { title: 'ID', of: (row) => row.id, align: 'right' },
  { title: 'RECEIVED', of: (row) => showTime(row.received), yields: 4 },
  { title: 'SOURCE', of: (row) => row.source, yields: 5 },
  { title: 'TYPE', of: (row) => row.type },
  { title: 'STATE', of: (row) => row.state, colour: (row) => stateColour[row.state] },
  { title: 'REASON', of: (row) => row.reason ?? (row.duplicateOf === null ? null : `of ${row.duplicateOf}`), yields: 6 },
  { title: 'SENT', of: (row) => row.deliveries, align: 'right', yields: 2 },
  { title: 'SIZE', of: (row) => showSize(row.size), align: 'right', yields: 1 },
  { title: 'CONTROL ID', of: (row) => row.controlId, yields: 3 },
];

const partColumns: readonly Column<PartRow>[] = [
  { title: 'PART', of: (row) => row.part, align: 'right' },
  { title: 'OUTCOME', of: (row) => row.outcome, colour: (row) => stateColour[row.outcome] },
  { title: 'REASON', of: (row) => row.reason, yields: 1 },
  { title: 'RULE', of: (row) => row.rule, yields: 2 },
];

const shapeColumns: readonly Column<SegmentShape>[] = [
  { title: 'SEGMENT', of: (row) => row.name },
  { title: 'BYTES', of: (row) => row.bytes, align: 'right' },
  { title: 'FIELDS THAT HOLD SOMETHING', of: (row) => row.fields.join(' '), yields: 1 },
];

export const traceColumns: readonly Column<TraceStep>[] = [
  { title: 'AT', of: ({ at }) => at.toISOString().replace('T', ' ') },
  { title: 'STEP', of: ({ step }) => step, colour: ({ step }) => (step === 'held' ? 'red' : undefined) },
  {
    title: 'FACTS',
    of: ({ facts: known }) =>
      Object.entries(known)
        .map(([name, value]) => `${name}=${value}`)
        .join(' '),
    yields: 1,
  },
];

/** Everything about one message but its content. */
export const messagePage = (message: MessageDetail, style: Style): string => {
  const section = (title: string, text: string): string => `\n${paint(style, 'bold', title)}\n${text}`;
  const head = facts(
    [
      ['message', message.id],
      ['state', message.state + (message.reason === null ? '' : ` (${message.reason})`)],
      ['source', message.source],
      ['received', showTime(message.received)],
      ['type', message.type],
      ['control id', message.controlId],
      ['size', showSize(message.size)],
      ['duplicate of', message.duplicateOf],
      ['mapping', message.mappingVersion],
      ['directory', message.directoryVersion],
    ],
    style,
  );
  return [
    head,
    message.parts.length > 0 ? section('Parts', table(message.parts, partColumns, style)) : '',
    message.holds.length > 0 ? section('Holds', table(message.holds, holdColumns, style)) : '',
    message.filed.length > 0 ? section('Deliveries', table(message.filed, deliveryColumns, style)) : '',
    message.shape === null ? '' : section('Shape', table(message.shape, shapeColumns, style)),
  ].join('');
};
