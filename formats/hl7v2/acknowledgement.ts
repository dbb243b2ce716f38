import { Hl7Message, readLeniently } from './reader.ts';
import type { Segment } from './segment.ts';
import { type SenderFacts, senderFacts } from './sender-facts.ts';
import { type FieldValue, type SegmentDraft, writeBytes, writeMessage } from './writer.ts';

export type AckCode = 'AA' | 'AE' | 'AR' | 'CA' | 'CE' | 'CR';
const CODES: ReadonlySet<string> = new Set<AckCode>(['AA', 'AE', 'AR', 'CA', 'CE', 'CR']);
const isAckCode = (text: string): text is AckCode => CODES.has(text);

/** HL7 table 0357. */
const CONDITIONS: Readonly<Record<number, string>> = {
  0: 'Message accepted',
  100: 'Segment sequence error',
  101: 'Required field missing',
  102: 'Data type error',
  103: 'Table value not found',
  200: 'Unsupported message type',
  201: 'Unsupported event code',
  202: 'Unsupported processing id',
  203: 'Unsupported version id',
  204: 'Unknown key identifier',
  205: 'Duplicate key identifier',
  206: 'Application record locked',
  207: 'Application internal error',
};

export interface AckError {
  /** Table 0357. */
  readonly code: number;
  /** `segment^sequence^field^repetition^component^subcomponent`, as far as known: `MSH^1^9`. */
  readonly location?: string;
  /** For a person at the sender's; never data of a patient. */
  readonly text?: string;
  readonly severity?: 'E' | 'W' | 'I' | 'F';
}

export interface AckDraft {
  /** The message that is answered; undefined where no MSH could be made out. */
  readonly to: Hl7Message | SenderFacts | undefined;
  readonly code: AckCode;
  /** MSH-10 of the answer itself. */
  readonly controlId: string;
  /** MSH-7, written in UTC. */
  readonly at: Date;
  readonly err?: AckError;
}

const VERSION = /^2\.[1-9](?:\.[1-9])?$/;
const soundVersion = (version: string): string => (VERSION.test(version) ? version : '2.4');
const soundProcessing = (id: string): string => (id === 'P' || id === 'T' || id === 'D' ? id : 'P');
/** Before 2.5 ERR-1 says it all; from 2.5 on ERR-2 … ERR-8 do. */
const hasNewErr = (version: string): boolean => Number(version.slice(2, 3)) >= 5;

const twoDigits = (n: number): string => String(n).padStart(2, '0');
/** `YYYYMMDDHHMMSS+0000`. */
const hl7Time = (at: Date): string =>
  `${String(at.getUTCFullYear()).padStart(4, '0')}${twoDigits(at.getUTCMonth() + 1)}${twoDigits(at.getUTCDate())}${twoDigits(at.getUTCHours())}${twoDigits(at.getUTCMinutes())}${twoDigits(at.getUTCSeconds())}+0000`;

function errSegment(err: AckError, version: string): SegmentDraft {
  const location = err.location?.split('^') ?? [];
  const condition = CONDITIONS[err.code] ?? 'Application internal error';
  if (!hasNewErr(version)) {
    const place = [location[0], location[1], location[2]];
    return { name: 'ERR', fields: [[...place, [String(err.code), condition, 'HL70357']]] };
  }
  return { name: 'ERR', fields: ['', location, [String(err.code), condition, 'HL70357'], err.severity ?? 'E', '', '', '', err.text] };
}

/**
 * An acknowledgement: sender and receiver change places, separators are always `|^~\&`, MSH-11 and MSH-12 are the sender's where they
 * are sound (else `P`, `2.4`), MSH-15 and MSH-16 are empty, ERR has the form of the sender's version. The bytes are not framed.
 */
export function buildAck({ to, code, controlId, at, err }: AckDraft): Buffer {
  const facts = to instanceof Hl7Message ? senderFacts(to) : to;
  const version = soundVersion(facts?.version ?? '');
  const type: FieldValue = facts === undefined || facts.trigger === '' ? 'ACK' : ['ACK', facts.trigger, 'ACK'];
  const msh: FieldValue[] = [
    '',
    '',
    facts?.receivingApplication,
    facts?.receivingFacility,
    facts?.sendingApplication,
    facts?.sendingFacility,
  ];
  msh.push(hl7Time(at), '', type, controlId, soundProcessing(facts?.processingId ?? ''), version);
  // MSA-3 was withdrawn when ERR-8 came.
  const msa: FieldValue[] = [code, facts?.controlId, hasNewErr(version) ? '' : err?.text];
  const segments: SegmentDraft[] = [
    { name: 'MSH', fields: msh },
    { name: 'MSA', fields: msa },
  ];
  if (err !== undefined) segments.push(errSegment(err, version));
  return bytesOf(segments, facts?.charset ?? '');
}

/** In the sender's own character set where it declares one that has all the letters; plain ASCII declares none. */
function bytesOf(segments: readonly SegmentDraft[], charset: string): Buffer {
  const written = writeMessage({ segments, charset: charset === '' ? 'ASCII' : charset });
  const [part] = written.parts;
  return written.unencodable.length === 0 && part?.kind === 'bytes' ? part.bytes : writeBytes({ segments, charset: 'UNICODE UTF-8' });
}

/** What a receiver answered. */
export interface Ack {
  readonly code: AckCode;
  /** MSA-2: the control id of the message it is about; empty where the receiver leaves it out. */
  readonly controlId: string;
  /** MSH-10 of the answer. */
  readonly ownId: string;
  /** MSA-3, and ERR-8 or ERR-7 where there is no MSA-3. The receiver's words: to be sealed, never logged. */
  readonly text?: string;
  readonly errors: readonly { readonly code?: string; readonly location?: string; readonly severity?: string }[];
}

const joined = (values: readonly (string | undefined)[]): string | undefined => {
  const text = values
    .map((value) => value ?? '')
    .join('^')
    .replace(/\^+$/, '');
  return text === '' ? undefined : text;
};

function readErr(err: Segment): Ack['errors'][number] {
  const parts = (field: number, count: number) => joined(Array.from({ length: count }, (_, i) => err.text(field, 1, i + 1)));
  const location = parts(2, 6) ?? parts(1, 3);
  const code = err.text(3) ?? err.text(1, 1, 4);
  const severity = err.text(4);
  return { ...(code !== undefined && { code }), ...(location !== undefined && { location }), ...(severity !== undefined && { severity }) };
}

/** Reads an answer, with whatever separators its sender uses; undefined where it is no acknowledgement (no MSH, no MSA, unknown code). */
export function readAck(bytes: Buffer): Ack | undefined {
  let message: Hl7Message;
  try {
    message = readLeniently(bytes);
  } catch {
    return undefined;
  }
  const msa = message.first('MSA');
  const code = msa?.text(1)?.trim().toUpperCase() ?? '';
  if (msa === undefined || !isAckCode(code)) return undefined;
  const [err] = message.named('ERR');
  const text = msa.text(3) ?? err?.text(8) ?? err?.text(7);
  return {
    code,
    controlId: msa.text(2)?.trim() ?? '',
    ownId: message.controlId,
    ...(text !== undefined && { text }),
    errors: message.named('ERR').map(readErr),
  };
}
