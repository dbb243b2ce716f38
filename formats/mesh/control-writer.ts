import { FLAGS, TEXTS } from './control-elements.ts';
import type { ControlFile, StatusRecord } from './control-file.ts';

/** The order of the NHS examples; only what is known is written. */
const ORDER = [
  'Version',
  'AddressType',
  'MessageType',
  'From_DTS',
  'To_DTS',
  'From_ESMTP',
  'To_ESMTP',
  'Subject',
  'LocalId',
  'DTSId',
  'PartnerId',
  'Compress',
  'AllowChunking',
  'Encrypted',
  'WorkflowId',
  'ProcessId',
  'DataChecksum',
  'IsCompressed',
] as const;

const MARKS: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' };

/** ASCII alone, so that no reader can take it for another character set. What XML cannot hold becomes a blank. */
const escaped = (text: string): string =>
  text
    .replace(/[\x00-\x1f\x7f-\x9f\p{Surrogate}\ufffe\uffff]/gu, ' ')
    .replace(/[&<>]/g, (mark) => MARKS[mark] ?? mark)
    .replace(/[^\x20-\x7e]/gu, (char) => `&#${char.codePointAt(0) ?? 32};`);

const line = (name: string, text: string): string => `<${name}>${escaped(text)}</${name}>`;

const isFlag = (name: (typeof ORDER)[number]): name is keyof typeof FLAGS => Object.hasOwn(FLAGS, name);

const writtenValue = (control: ControlFile, name: (typeof ORDER)[number]): string | undefined => {
  if (!isFlag(name)) return control[TEXTS[name]];
  const flag = control[FLAGS[name]];
  return flag === undefined ? undefined : flag ? 'Y' : 'N';
};

const statusLines = ({ dateTime, event, status, code, description }: StatusRecord): readonly string[] => [
  '<StatusRecord>',
  line('DateTime', dateTime ?? ''),
  line('Event', event ?? ''),
  line('Status', status ?? ''),
  line('StatusCode', code ?? ''),
  line('Description', description ?? ''),
  '</StatusRecord>',
];

/** Writes a control file as the NHS examples are: no prolog, elements one a line in their order, unknown ones after them, StatusRecord last. */
export const writeControlFile = (control: ControlFile): Buffer => {
  const lines = ['<DTSControl>'];
  for (const name of ORDER) {
    const value = writtenValue(control, name);
    if (value !== undefined) lines.push(line(name, value));
  }
  for (const { name, text } of control.others) lines.push(line(name, text));
  if (control.status !== undefined) lines.push(...statusLines(control.status));
  return Buffer.from(`${lines.join('\n')}\n</DTSControl>\n`);
};
