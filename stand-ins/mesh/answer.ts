import type { Readable } from 'node:stream';
import { MEDIA_TYPE, MEX_V1, type MeshVersion, type MexHeader } from '../../formats/mesh/headers.ts';
import type { Refusal, RefusalBody } from './refusal.ts';

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer | Readable | undefined;
  /** Of a message that was sent. */
  readonly messageId?: string;
  /** Told when the body is given out (a client that has it finds it counted), and again with -1 when it did not get to its end. */
  readonly count?: (by: 1 | -1) => void;
}

const NOTHING = Buffer.alloc(0);

export const jsonAnswer = (status: number, type: string, value: unknown, headers: Readonly<Record<string, string>> = {}): Answer => {
  const body = Buffer.from(JSON.stringify(value));
  return { status, headers: { ...headers, 'content-type': type, 'content-length': String(body.length) }, body };
};
export const meshAnswer = (status: number, version: MeshVersion, value: unknown): Answer => jsonAnswer(status, MEDIA_TYPE[version], value);
export const emptyAnswer = (status: number, headers: Readonly<Record<string, string>> = {}): Answer => ({
  status,
  headers: { ...headers, 'content-length': '0' },
  body: NOTHING,
});

/** Headers with a value, named as the version writes them. */
export const mexHeaders = (
  version: MeshVersion,
  entries: Readonly<Partial<Record<MexHeader, string | undefined>>>,
): Record<string, string> => {
  const named: Record<string, string> = {};
  for (const [name, value] of Object.entries(entries))
    if (value !== undefined && value !== '') named[version === 1 ? v1Name(name) : name] = value;
  return named;
};
const V1_NAMES: ReadonlyMap<string, string> = new Map(Object.entries(MEX_V1));
const v1Name = (name: string): string => V1_NAMES.get(name) ?? name;

const withoutNone = (value: Readonly<Record<string, unknown>>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(value).filter(([, one]) => one !== undefined));

/** An error in one of the shapes it can have on the wire. */
export const errorValue = (body: RefusalBody, version: MeshVersion, internalId: string, messageId?: string): Record<string, unknown> => {
  switch (body.shape) {
    case 'validation':
      return { detail: body.findings };
    case 'bare':
      return { internal_id: internalId, message: 'An internal error occurred.\n\nPlease contact support.' };
    case 'coded':
      return version === 1
        ? withoutNone({ messageID: messageId, errorEvent: body.event, errorCode: body.code, errorDescription: body.text })
        : withoutNone({
            message_id: messageId,
            internal_id: internalId,
            detail: [{ event: body.event, code: body.code, msg: body.text }],
          });
  }
};

export const refusalAnswer = (refusal: Refusal, version: MeshVersion, internalId: string): Answer =>
  jsonAnswer(
    refusal.status,
    refusal.body.shape === 'coded' && version === 2 ? MEDIA_TYPE[2] : 'application/json',
    errorValue(refusal.body, version, internalId, refusal.messageId),
    refusal.headers,
  );
