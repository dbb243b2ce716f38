import type { ContentName, TransportKey } from '../../records/ids.ts';
import { brandAs } from '../../records/ids.ts';
import type { Envelope } from '../../records/ports.ts';
import type { Payload, PayloadPart } from '../../records/record.ts';
import type { Vault } from '../vault.ts';

/**
 * How a payload lies in the store, sealed under its transport key: its bytes, or its parts with stored content spliced in while sending,
 * and before them the envelope where there is one.
 */
export const FORM = { bytes: 0, parts: 1 } as const;

export interface SealedPayload {
  readonly keyId: number;
  readonly form: number;
  readonly body: Buffer;
}

const KIND = { bytes: 0, content: 1, envelope: 2 } as const;

/** Kind, length, then what it is. */
const framed = (kind: number, body: Buffer): readonly Buffer[] => {
  const head = Buffer.allocUnsafe(5);
  head.writeUInt8(kind, 0);
  head.writeUInt32BE(body.length, 1);
  return [head, body];
};

const json = (value: unknown): Buffer => Buffer.from(JSON.stringify(value), 'utf8');

/** One part: the bytes, or the name of the content in JSON. */
const encodePart = (part: PayloadPart): readonly Buffer[] =>
  framed(KIND[part.kind], part.kind === 'bytes' ? part.bytes : json({ name: part.name, encoding: part.encoding, size: part.size }));

interface StoredContent {
  readonly name: string;
  readonly encoding: 'raw' | 'base64';
  readonly size: number;
}

const isStoredContent = (value: unknown): value is StoredContent =>
  typeof value === 'object' &&
  value !== null &&
  'name' in value &&
  typeof value.name === 'string' &&
  'encoding' in value &&
  (value.encoding === 'raw' || value.encoding === 'base64') &&
  'size' in value &&
  typeof value.size === 'number';

const decodePart = (kind: number, body: Buffer): PayloadPart => {
  if (kind === KIND.bytes) return { kind: 'bytes', bytes: body };
  const stored: unknown = JSON.parse(body.toString('utf8'));
  if (!isStoredContent(stored)) throw new RangeError('stored payload part');
  return { kind: 'content', name: brandAs<ContentName>(stored.name), encoding: stored.encoding, size: stored.size };
};

/** The whole payload where nothing of it is stored content; null otherwise. */
export const onlyBytes = (parts: readonly PayloadPart[]): Buffer | null => {
  const buffers: Buffer[] = [];
  for (const part of parts) {
    if (part.kind !== 'bytes') return null;
    buffers.push(part.bytes);
  }
  const [first] = buffers;
  return buffers.length === 1 && first !== undefined ? first : Buffer.concat(buffers);
};

/** Names a sealed payload by its random iv: a payload that is written anew has another name, whatever it is written for. */
export const sealName = (sealed: SealedPayload): string => sealed.body.toString('base64', 0, 12);

export const sealPayload = (vault: Vault, key: TransportKey, payload: Payload): SealedPayload => {
  const bytes = payload.envelope === undefined ? onlyBytes(payload.parts) : null;
  const sealed = vault.seal(bytes ?? Buffer.concat(encodeParts(payload)), key);
  return { keyId: sealed.keyId, form: bytes === null ? FORM.parts : FORM.bytes, body: sealed.bytes };
};

const encodeParts = ({ envelope, parts }: Payload): Buffer[] => [
  ...(envelope === undefined ? [] : framed(KIND.envelope, json(envelope))),
  ...parts.flatMap(encodePart),
];

export interface OpenedPayload {
  readonly parts: readonly PayloadPart[];
  /** Empty where there is none. */
  readonly envelope: Envelope;
}

const NONE: Envelope = {};

export const unsealPayload = (vault: Vault, key: TransportKey, sealed: SealedPayload): OpenedPayload => {
  const plain = vault.unseal(sealed.keyId, sealed.body, key);
  if (sealed.form === FORM.bytes) return { parts: [{ kind: 'bytes', bytes: plain }], envelope: NONE };
  const parts: PayloadPart[] = [];
  let envelope = NONE;
  for (let at = 0; at < plain.length; ) {
    const end = at + 5 + plain.readUInt32BE(at + 1);
    const kind = plain.readUInt8(at);
    const body = plain.subarray(at + 5, end);
    if (kind === KIND.envelope)
      envelope = JSON.parse(body.toString('utf8')) as Envelope; // sealed by us a few lines above, so it is one
    else parts.push(decodePart(kind, body));
    at = end;
  }
  return { parts, envelope };
};
