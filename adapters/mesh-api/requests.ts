import { randomUUID } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import type { MailboxSettings } from '../../config/types-mesh.ts';
import { readErrorBody } from '../../formats/mesh/error-body.ts';
import { signToken } from '../../formats/mesh/token.ts';
import type { Telemetry } from '../../records/telemetry.ts';
import { Connections } from './connections.ts';
import { MeshError } from './errors.ts';
import { type Answer, exchange, readWhole, type UploadBody } from './exchange.ts';
import { retryAfterMs } from './retry-after.ts';
import { TlsFiles } from './tls-files.ts';

export interface MeshClientParts {
  /** The mailbox's name in the configuration, for metrics. */
  readonly name: string;
  readonly telemetry: Telemetry;
  /** Version of this product, for the handshake. */
  readonly clientVersion: string;
  readonly now?: () => Date;
  /** A GUID, another at each call. */
  readonly nonce?: () => string;
  /** Ends early, without an error, when the signal is aborted. */
  readonly pause?: (milliseconds: number, signal?: AbortSignal) => Promise<void>;
  /** Least pause between looks at whether the TLS files have changed, ms. */
  readonly recheckTls?: number;
}

export type MeshClientSettings = Pick<MailboxSettings, 'id' | 'url' | 'password' | 'sharedKey' | 'tls' | 'proxy' | 'api' | 'timeout'>;

export interface MeshRequest {
  readonly method: 'GET' | 'HEAD' | 'PUT' | 'POST';
  /** Parts behind `/messageexchange`, quoted here. */
  readonly parts: readonly string[];
  readonly query?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: UploadBody;
  /** Look-ups carry no token. */
  readonly open?: boolean;
  /** May be sent again after a failure that passes. */
  readonly again: boolean;
  readonly signal?: AbortSignal | undefined;
}

const TRIES = 3;
const FIRST_PAUSE = 500;
/** A longer pause than this is for the caller to keep, not for a request to wait through. */
const LONGEST_PAUSE = 5_000;
const MOST_ERROR = 64 * 1024;

const wait = async (milliseconds: number, signal?: AbortSignal): Promise<void> => {
  await sleep(milliseconds, undefined, signal === undefined ? {} : { signal }).catch(() => {});
};

export const pathOf = (parts: readonly string[]): string => `/messageexchange/${parts.map(encodeURIComponent).join('/')}`;

/** Requests of one mailbox: each attempt with a token of its own, tried again only where it may be, errors of any form as one. */
export class MeshRequests {
  readonly #settings: MeshClientSettings;
  readonly #connections: Connections;
  readonly #now: () => Date;
  readonly #nonce: () => string;
  readonly #pause: (milliseconds: number, signal?: AbortSignal) => Promise<void>;
  /** Monotonic ms until which the service asked to be left in peace. */
  #notBefore = 0;

  /** Throws a Problem where the address or the proxy cannot be used. */
  constructor(settings: MeshClientSettings, parts: MeshClientParts) {
    const { name, telemetry, now = () => new Date(), nonce = randomUUID, pause = wait, recheckTls } = parts;
    this.#settings = settings;
    this.#now = now;
    this.#nonce = nonce;
    this.#pause = pause;
    const { tls } = settings;
    this.#connections = new Connections(settings, tls === undefined ? null : new TlsFiles(tls, telemetry, name, now, recheckTls));
  }

  /** Milliseconds until the service wants to hear of this mailbox again; 0 mostly. */
  get pauseMs(): number {
    return Math.max(0, this.#notBefore - performance.now());
  }

  close(): void {
    this.#connections.destroy();
  }

  /** Any 2xx answer. Rejects with a MeshError. */
  async ask(request: MeshRequest): Promise<Answer> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.#attempt(request);
      } catch (error) {
        if (!request.again || attempt === TRIES || !(error instanceof MeshError && error.passing)) throw error;
        if ((error.retryAfterMs ?? 0) > LONGEST_PAUSE) throw error;
        await this.#pause(FIRST_PAUSE * 2 ** (attempt - 1), request.signal);
      }
    }
  }

  async #attempt({ method, parts, query, headers = {}, body, open, signal }: MeshRequest): Promise<Answer> {
    if (this.pauseMs > LONGEST_PAUSE) throw new MeshError({ trouble: 'pause', reached: false, retryAfterMs: this.pauseMs });
    if (this.pauseMs > 0) await this.#pause(this.pauseMs, signal);
    const answer = await exchange(
      this.#connections,
      {
        method,
        path: `${pathOf(parts)}${query === undefined || query === '' ? '' : `?${query}`}`,
        headers: open === true ? headers : { ...headers, authorization: this.#token() },
        ...(body === undefined ? {} : { body }),
      },
      this.#settings.timeout,
      signal,
    );
    if (answer.status >= 200 && answer.status < 300) return answer;
    throw await this.#refusal(answer);
  }

  /** One token for one request: a nonce of its own, the minute in UTC. */
  #token(): string {
    const { id, password, sharedKey } = this.#settings;
    const request = { mailbox: id, nonce: this.#nonce(), count: 1, at: this.#now() };
    return signToken(request, { password: password.reveal(), sharedKey: sharedKey.reveal() });
  }

  async #refusal(answer: Answer): Promise<MeshError> {
    const { status, headers } = answer;
    const asked = status === 429 || status === 503 ? retryAfterMs(headers['retry-after'], this.#now().getTime()) : null;
    if (asked !== null) this.#notBefore = Math.max(this.#notBefore, performance.now() + asked);
    let text = '';
    try {
      text = (await readWhole(answer.body, MOST_ERROR)).toString('utf8');
    } catch {
      // The status says enough where its body breaks off.
    }
    // 300 is an answer of its own: several messages have one local id.
    const trouble = status > 300 && status < 400 ? 'redirect' : 'refused';
    return new MeshError({ trouble, status, reached: true, retryAfterMs: asked, ...readErrorBody(text) });
  }
}
