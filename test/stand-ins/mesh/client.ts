import { randomUUID } from 'node:crypto';
import { type ClientRequest, Agent as HttpAgent, request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { pipeline } from 'node:stream/promises';
import { MEDIA_TYPE } from '../../../formats/mesh/headers.ts';
import { signToken } from '../../../formats/mesh/token.ts';
import type { MeshServer } from '../../../stand-ins/mesh/handle.ts';

export interface Reply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** Names as they stood on the wire. */
  readonly names: readonly string[];
  readonly body: Buffer;
  /** The body as JSON; undefined where it is none. */
  readonly json: unknown;
}

export interface Asked {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string | undefined>>;
  readonly body?: Buffer | string | AsyncIterable<Buffer>;
  readonly version?: 1 | 2;
  /** The whole Authorization header; null: none. Default: a sound one, new each time. */
  readonly authorization?: string | null;
}

const parsed = (body: Buffer): unknown => {
  try {
    return JSON.parse(body.toString());
  } catch {
    return undefined;
  }
};

/** A plain client of the stand-in: one mailbox, signs each request, hides nothing. */
export class PlainClient {
  readonly server: MeshServer;
  readonly mailbox: string;
  readonly #agent: HttpAgent | HttpsAgent;

  constructor(server: MeshServer, mailbox: string, identity = server.client) {
    this.server = server;
    this.mailbox = mailbox;
    this.#agent =
      server.ca === undefined
        ? new HttpAgent({ keepAlive: true })
        : new HttpsAgent({ keepAlive: true, ca: server.ca, ...(identity === undefined ? {} : identity) });
  }

  token(changes: { nonce?: string; count?: number; at?: Date; password?: string; mailbox?: string; sharedKey?: string } = {}): string {
    const known = this.server.mailboxes().find(({ id }) => id === this.mailbox);
    return signToken(
      {
        mailbox: changes.mailbox ?? this.mailbox,
        nonce: changes.nonce ?? randomUUID(),
        count: changes.count ?? 1,
        at: changes.at ?? new Date(this.server.clock.now()),
      },
      { password: changes.password ?? known?.password ?? 'none', sharedKey: changes.sharedKey ?? this.server.sharedKey },
    );
  }

  /** `path` behind `/messageexchange`. */
  ask(path: string, { method = 'GET', headers = {}, body, version = 2, authorization = this.token() }: Asked = {}): Promise<Reply> {
    const url = new URL(`${this.server.url}/messageexchange${path}`);
    const given = Object.fromEntries(Object.entries(headers).filter((entry): entry is [string, string] => entry[1] !== undefined));
    return new Promise((resolve, reject) => {
      const request = (url.protocol === 'https:' ? httpsRequest : httpRequest)(url, {
        method,
        agent: this.#agent,
        headers: { accept: MEDIA_TYPE[version], ...(authorization === null ? {} : { authorization }), ...given },
      });
      request.on('error', reject);
      request.on('response', (response) => {
        const pieces: Buffer[] = [];
        response.on('data', (piece: Buffer) => pieces.push(piece));
        response.on('error', reject);
        response.on('end', () => {
          const whole = Buffer.concat(pieces);
          const names = response.rawHeaders.filter((_, index) => index % 2 === 0);
          resolve({ status: response.statusCode ?? 0, headers: response.headers, names, body: whole, json: parsed(whole) });
        });
      });
      if (body === undefined || typeof body === 'string' || Buffer.isBuffer(body)) request.end(body);
      else void stream(body, request);
    });
  }

  get(rest: string, asked: Asked = {}): Promise<Reply> {
    return this.ask(`/${this.mailbox}${rest}`, asked);
  }

  send(to: string, body: Asked['body'], headers: Readonly<Record<string, string | undefined>> = {}, asked: Asked = {}): Promise<Reply> {
    return this.get('/outbox', {
      method: 'POST',
      ...asked,
      ...(body === undefined ? {} : { body }),
      headers: { 'mex-to': to, 'mex-workflowid': 'TEST', ...headers },
    });
  }

  sendChunk(
    id: string,
    chunk: number,
    of: number,
    body: Asked['body'],
    headers: Readonly<Record<string, string | undefined>> = {},
  ): Promise<Reply> {
    return this.get(`/outbox/${id}/${chunk}`, {
      method: 'POST',
      ...(body === undefined ? {} : { body }),
      headers: { 'mex-chunk-range': `${chunk}:${of}`, ...headers },
    });
  }

  acknowledge(id: string, asked: Asked = {}): Promise<Reply> {
    return this.get(`/inbox/${id}/status/acknowledged`, { method: 'PUT', ...asked });
  }

  /** Ids waiting. */
  async inbox(): Promise<readonly string[]> {
    return field<string[]>(await this.get('/inbox'), 'messages');
  }

  close(): void {
    this.#agent.destroy();
  }
}

/** Sends a body piece by piece; a source that breaks breaks the connection. */
const stream = async (body: AsyncIterable<Buffer>, request: ClientRequest): Promise<void> => {
  try {
    await pipeline(body, request);
  } catch {
    request.destroy();
  }
};

/** A field of a JSON reply; the test fails where it is not there. */
export const field = <T>({ json, status }: Reply, name: string): T => {
  if (typeof json !== 'object' || json === null || !(name in json)) throw new Error(`no ${name} in the reply (status ${status})`);
  return Reflect.get(json, name);
};

/** The id of a message that was taken. */
export const sentId = (reply: Reply): string => {
  if (reply.status !== 202) throw new Error(`not taken: ${reply.status} ${reply.body.toString()}`);
  return field<string>(reply, 'message_id');
};
