import { strict as assert } from 'node:assert';
import { Message } from 'node-hl7-client';
import { readMessage } from '../formats/hl7v2/reader.ts';

/**
 * Speed of reading: each reader takes the same bytes, as they come off a socket, and reads the same fields: message type, control id,
 * PID-3, PID-5, PID-7, every OBX-3 and OBX-5 of the result, OBX-5.5 of the document. `npm run bench` prints it; so does this file alone.
 */
export interface ReaderRow {
  readonly message: string;
  readonly bytes: number;
  readonly reader: 'plain split' | 'throughcare' | 'node-hl7-client';
  /** Median of the runs. */
  readonly perSecond: number;
  /** Against plain split, over the same runs. */
  readonly ratio: number;
}

type Read = (bytes: Buffer, wanted: Wanted) => readonly string[];
/** Fields of each OBX that are read: [field, component]. */
type Wanted = readonly (readonly [field: number, component: number])[];

/** The rough limit: what one would write who knows that the message is well formed, ASCII, without escapes and subcomponents, and wants the first repetition. */
const plainSplit: Read = (bytes, wanted) => {
  const segments = bytes
    .toString('latin1')
    .split('\r')
    .map((line) => line.split('|'));
  const [msh] = segments;
  const pid = segments.find((fields) => fields[0] === 'PID');
  const part = (text: string | undefined, n: number): string => text?.split('^')[n - 1] ?? '';
  const found = [part(msh?.[8], 1), part(msh?.[8], 2), msh?.[9] ?? '', part(pid?.[3], 1), part(pid?.[5], 1), part(pid?.[7], 1)];
  for (const fields of segments)
    if (fields[0] === 'OBX') for (const [field, component] of wanted) found.push(part(fields[field], component));
  return found;
};

const ours: Read = (bytes, wanted) => {
  const message = readMessage(bytes);
  const pid = message.first('PID');
  const found = [message.code, message.trigger, message.controlId, pid?.text(3) ?? '', pid?.text(5) ?? '', pid?.text(7) ?? ''];
  for (const obx of message.named('OBX')) for (const [field, component] of wanted) found.push(obx.text(field, 1, component) ?? '');
  return found;
};

const hl7Client: Read = (bytes, wanted) => {
  const message = new Message({ text: bytes.toString('utf8') });
  const at = (path: string): string => message.get(path).toString();
  const found = [at('MSH.9.1'), at('MSH.9.2'), at('MSH.10'), at('PID.3.1'), at('PID.5.1'), at('PID.7')];
  if (wanted.length === 0) return found;
  message.get('OBX').forEach((obx) => {
    for (const [field, component] of wanted) found.push(obx.get(`${field}.${component}`).toString());
  });
  return found;
};

const READERS: readonly (readonly [ReaderRow['reader'], Read])[] = [
  ['plain split', plainSplit],
  ['throughcare', ours],
  ['node-hl7-client', hl7Client],
];

const head = (type: string): string =>
  `MSH|^~\\&|NOMIS|LEI|THROUGHCARE|HEALTH|20260302140500||${type}|M0000001|T|2.4|||AL|NE|GBR|UNICODE UTF-8|EN`;
const PID =
  'PID|1||A1234BC^^^NOMIS^PI~9990000018^^^NHS^NH||ASHDOWN^ALEX^SAM^^MX^^L~ASHDOWN^A^^^^^A||19810203|M|||12 EXAMPLE TERRACE^^LEEDS^WEST YORKSHIRE^LS12 2TJ^GBR^H||01632960001^PRN^PH|01632960002^WPN^PH|EN^ENGLISH|S^SINGLE|NONE|||||A^WHITE BRITISH^NHSD|LEEDS||||GBR^BRITISH|||||01';
const PV1 = 'PV1|1|I|A-WING^05^1^LEI||||||||||||||||B100001^^^NOMIS|||||||||||||||||||||||||20260101081500';

const closed = (...segments: string[]): Buffer => Buffer.from(`${segments.join('\r')}\r`);
const MESSAGES: readonly { readonly name: string; readonly bytes: Buffer; readonly wanted: Wanted }[] = [
  {
    name: 'ADT',
    wanted: [],
    bytes: closed(
      head('ADT^A01^ADT_A01'),
      'EVN|A01|20260302140500|||OFFICER01^BRADSHAW^MORGAN^^^MX|20260302140500',
      PID,
      'PD1|||HILL LANE SURGERY^^Y99001|G9999981^EXAMPLE^ROBIN^^^DR^^^GMC',
      'ROL|1|AD|PP^PRIMARY CARE PROVIDER|G9999981^EXAMPLE^ROBIN^^^DR^^^GMC',
      'NK1|1|ASHDOWN^JORDAN^^^MX|SIB^SIBLING|12 EXAMPLE TERRACE^^LEEDS^^LS12 2TJ^GBR^H|01632960003^PRN^PH||NOK^NEXT OF KIN',
      PV1,
      'PV2|||REMAND^REMANDED BY COURT|||||20260901||||||||||||N',
      'AL1|1|DA|^PENICILLIN|MO|RASH',
      'ZCU|1|LEI|RX^REMAND|B100001|N|STANDARD^STANDARD REGIME',
    ),
  },
  {
    name: 'ORU, 36 OBX',
    wanted: [
      [3, 1],
      [5, 1],
    ],
    bytes: closed(
      head('ORU^R01^ORU_R01'),
      PID,
      PV1,
      'ORC|RE|P0001^NOMIS|F0001^LAB',
      'OBR|1|P0001^NOMIS|F0001^LAB|FBC^Full blood count^LOCAL|||20260302090000',
      ...Array.from(
        { length: 36 },
        (_, i) =>
          `OBX|${i + 1}|NM|A${1_000 + i}^Analyte number ${i + 1}^LOCAL^^^||${(3 + i * 1.7).toFixed(1)}|10*9/L^^UCUM|3.5-11.0|N|||F|||20260302150000||LAB^TECHNICIAN^SAM`,
      ),
    ),
  },
  {
    name: 'MDM, 1 MB',
    wanted: [[5, 5]],
    bytes: closed(
      head('MDM^T02^MDM_T02'),
      'EVN|T02|20260302140500',
      PID,
      PV1,
      'TXA|1|DS|AP|20260302140500||||||||D0001^THROUGHCARE|||||AU',
      `OBX|1|ED|PDF^Letter^LOCAL||^application^pdf^Base64^${Buffer.alloc(787_000, '%PDF-1.7 invented ').toString('base64')}||||||F`,
    ),
  },
];

/** Messages a second over about `ms` milliseconds. */
function rate(read: Read, bytes: Buffer, wanted: Wanted, ms: number): number {
  const began = performance.now();
  let count = 0;
  let passed = 0;
  while (passed < ms) {
    for (let i = 0; i < 4; i++) read(bytes, wanted);
    count += 4;
    passed = performance.now() - began;
  }
  return (count * 1_000) / passed;
}

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN;

/**
 * Rows for every message and reader: medians of `runs` interleaved runs of `ms` milliseconds each, after a warm-up.
 * @throws AssertionError where two readers do not read the same.
 */
export function benchReaders({ runs = 7, ms = 150 } = {}): readonly ReaderRow[] {
  const rows: ReaderRow[] = [];
  for (const { name, bytes, wanted } of MESSAGES) {
    for (const [reader, read] of READERS) {
      assert.deepEqual(read(bytes, wanted), plainSplit(bytes, wanted), `${reader} reads ${name} otherwise`);
      rate(read, bytes, wanted, ms);
    }
    const measured = READERS.map((): number[] => []);
    for (let run = 0; run < runs; run++) for (const [i, [, read]] of READERS.entries()) measured[i]?.push(rate(read, bytes, wanted, ms));
    const plain = measured[0] ?? [];
    for (const [i, [reader]] of READERS.entries()) {
      const own = measured[i] ?? [];
      const ratios = own.map((value, run) => value / (plain[run] ?? Number.NaN));
      rows.push({ message: name, bytes: bytes.length, reader, perSecond: median(own), ratio: median(ratios) });
    }
  }
  return rows;
}

/** The rows as a table. */
export function printedReaders(rows: readonly ReaderRow[]): string {
  const lines = rows.map((row) => [row.message, String(row.bytes), row.reader, row.perSecond.toFixed(0), row.ratio.toFixed(2)]);
  const table = [['message', 'bytes', 'reader', 'messages/s', 'of plain split'], ...lines];
  const widths = [0, 1, 2, 3, 4].map((column) => Math.max(...table.map((cells) => cells[column]?.length ?? 0)));
  return table
    .map((cells) => cells.map((cell, i) => (i === 0 || i === 2 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))).join('  '))
    .join('\n');
}

if (require.main === module) process.stdout.write(`${printedReaders(benchReaders())}\n`);
