import { isUtf8 } from 'node:buffer';
import { type ClientRequest, type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http';
import { errnoOf } from '../condition.ts';
import type { Connections } from './connections.ts';
import { drained } from './drained.ts';
import { MeshError } from './errors.ts';

/** By lower-case name; what is empty is absent. */
export type MeshHeaders = Readonly<Record<string, string>>;

/** What is sent with a request. Opened anew at each attempt: a consumed stream cannot be sent again. */
export interface UploadBody {
  /** Bytes as they go over the wire; absent: not known beforehand (compressed on the way). */
  readonly size?: number;
  open(): AsyncIterable<Uint8Array>;
}

export interface Asked {
  readonly method: 'GET' | 'HEAD' | 'PUT' | 'POST';
  /** With query, quoted. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: UploadBody;
}

export interface Answer {
  readonly status: number;
  readonly headers: MeshHeaders;
  /** The body's bytes as they come; read to its end or given up by leaving the loop. Only silence while it is waited for counts. */
  readonly body: AsyncIterable<Buffer>;
}

/** Node reads header bytes as Latin-1; most senders mean UTF-8. */
const headerText = (value: string): string => {
  if (/^[\x20-\x7e]*$/.test(value)) return value;
  const bytes = Buffer.from(value, 'latin1');
  return isUtf8(bytes) ? bytes.toString('utf8') : value;
};

const headersOf = (raw: IncomingHttpHeaders): MeshHeaders => {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(raw)) {
    const text = headerText([value ?? ''].flat().join(', ')).trim();
    if (text !== '') headers[name] = text;
  }
  return headers;
};

async function* piecesOf(answer: IncomingMessage, timeout: number): AsyncGenerator<Buffer> {
  const pieces: AsyncIterator<Buffer> = answer[Symbol.asyncIterator]();
  const silent = (): void => void answer.destroy(new MeshError({ trouble: 'silence', reached: true }));
  try {
    for (;;) {
      const timer = setTimeout(silent, timeout);
      let next: IteratorResult<Buffer>;
      try {
        next = await pieces.next();
      } finally {
        clearTimeout(timer);
      }
      if (next.done === true) return;
      yield next.value;
    }
  } catch (error) {
    throw error instanceof MeshError
      ? error
      : new MeshError({ trouble: 'connection', reached: true, errno: errnoOf(error) }, { cause: error });
  } finally {
    // Left before its end: the connection cannot be used again.
    if (!answer.complete) answer.destroy();
  }
}

/** Writes the body, at the pace of the connection; stops when the answer comes before its end. */
const upload = async (
  asked: ClientRequest,
  body: UploadBody | undefined,
  over: () => boolean,
  waiting: (on: boolean) => void,
): Promise<void> => {
  if (body !== undefined) {
    for await (const piece of body.open()) {
      if (over()) return;
      if (asked.write(piece)) continue;
      waiting(true);
      await drained(asked);
      waiting(false);
    }
  }
  if (over()) return;
  asked.end();
  waiting(true);
};

/**
 * One attempt of one request. Resolves with any answer that has a status; rejects with a MeshError where there is none. The time limit is
 * of silence: it runs only while the service is waited for, not while our own side is slow.
 */
export const exchange = async (connections: Connections, asked: Asked, timeout: number, signal?: AbortSignal): Promise<Answer> => {
  if (signal?.aborted === true) throw new MeshError({ trouble: 'stopped', reached: false });
  const target = await connections.target();
  let sent: ClientRequest;
  try {
    sent = request({
      ...target,
      agent: connections,
      method: asked.method,
      path: asked.path,
      headers: {
        host: connections.place.authority,
        ...asked.headers,
        ...(asked.body?.size === undefined ? {} : { 'content-length': String(asked.body.size) }),
        // Without a body a POST would be chunked.
        ...(asked.body === undefined && asked.method !== 'GET' && asked.method !== 'HEAD' ? { 'content-length': '0' } : {}),
      },
    });
  } catch (error) {
    // A header that HTTP cannot carry.
    throw new MeshError({ trouble: 'header', reached: false, errno: errnoOf(error) }, { cause: error });
  }
  return new Promise<Answer>((settle, reject) => {
    let reached = false;
    let over = false;
    let timer: NodeJS.Timeout | undefined;
    const waiting = (on: boolean): void => {
      clearTimeout(timer);
      if (on && !over) timer = setTimeout(() => fail(new MeshError({ trouble: 'silence', reached })), timeout);
    };
    const stop = (): void => fail(new MeshError({ trouble: 'stopped', reached }));
    const end = (): void => {
      over = true;
      clearTimeout(timer);
      signal?.removeEventListener('abort', stop);
    };
    const fail = (error: MeshError): void => {
      if (over) return;
      end();
      sent.destroy();
      reject(error);
    };
    signal?.addEventListener('abort', stop, { once: true });
    // The connection is there, TLS and all, before the request is put on it.
    sent.once('socket', () => {
      reached = true;
    });
    sent.on('error', (error) => {
      if (error instanceof MeshError) return fail(error);
      const errno = errnoOf(error);
      // In TLS 1.3 the service looks at our certificate after the connection is open on our side; one it refuses, it reads nothing from.
      const unread = /_ALERT_.*(?:CERTIFICATE|UNKNOWN_CA)/.test(errno);
      fail(new MeshError({ trouble: 'connection', reached: reached && !unread, errno }, { cause: error }));
    });
    sent.once('response', (answer) => {
      if (over) return;
      end();
      // Some of the body may not be sent any more, so this connection ends with its answer.
      if (!sent.writableEnded) answer.once('close', () => sent.destroy());
      const stopBody = (): void => void answer.destroy(new MeshError({ trouble: 'stopped', reached: true }));
      signal?.addEventListener('abort', stopBody, { once: true });
      answer.once('close', () => signal?.removeEventListener('abort', stopBody));
      answer.on('error', () => {});
      settle({ status: answer.statusCode ?? 0, headers: headersOf(answer.headers), body: piecesOf(answer, timeout) });
    });
    upload(sent, asked.body, () => over || sent.destroyed, waiting).catch((error: unknown) => {
      // Our own side could not give the body: what was sent of it is cut off, and is no message.
      if (over) return;
      end();
      sent.destroy();
      reject(error);
    });
  });
};

/** All of a body, up to `most` bytes; what is beyond is left. */
export const readWhole = async (body: AsyncIterable<Buffer>, most: number): Promise<Buffer> => {
  const pieces: Buffer[] = [];
  let size = 0;
  for await (const piece of body) {
    pieces.push(piece.subarray(0, most - size));
    size += piece.length;
    if (size >= most) break;
  }
  return Buffer.concat(pieces);
};
