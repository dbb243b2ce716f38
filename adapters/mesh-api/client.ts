import { arch, release, type as system } from 'node:os';
import {
  type FoundMailbox,
  type InboxPage,
  readFoundMailboxes,
  readInboxPage,
  readMessageId,
  readTracking,
  type TrackedMessage,
} from '../../formats/mesh/answers.ts';
import { errorInJson } from '../../formats/mesh/error-body.ts';
import { MEX, type MeshVersion, writeChunkRange } from '../../formats/mesh/headers.ts';
import { downloadBody, type MeshDownload } from './download.ts';
import { beforehand, MeshContentError, MeshError } from './errors.ts';
import { type Answer, type MeshHeaders, readWhole, type UploadBody } from './exchange.ts';
import { type MeshClientParts, type MeshClientSettings, type MeshRequest, MeshRequests, pathOf } from './requests.ts';
import { ApiVersion } from './version.ts';

const MOST_JSON = 16 * 1024 ** 2;

/**
 * The MESH API for one mailbox. Each attempt carries a token of its own. What may be asked twice is tried three times where the failure
 * may pass; the first request of a message never is. Every call rejects with a `MeshError`, downloads also with a `MeshContentError`.
 */
export class MeshClient {
  readonly mailbox: string;
  readonly #requests: MeshRequests;
  readonly #version: ApiVersion;
  readonly #clientVersion: string;
  readonly #url: string;
  #learning: Promise<void> | null = null;

  /** Throws a Problem where the address or the proxy cannot be used. */
  constructor(settings: MeshClientSettings, parts: MeshClientParts) {
    this.mailbox = settings.id;
    this.#url = settings.url;
    this.#clientVersion = parts.clientVersion;
    this.#requests = new MeshRequests(settings, parts);
    this.#version = new ApiVersion(settings.api);
  }

  /** Version of the API that is spoken; null before the first answer where it is found out. */
  get version(): MeshVersion | null {
    return this.#version.known;
  }

  /** Milliseconds until the service wants to hear of this mailbox again; 0 mostly. */
  get pauseMs(): number {
    return this.#requests.pauseMs;
  }

  /** Closes the connections that are not in use; later requests would open new ones. */
  close(): void {
    this.#requests.close();
  }

  /** Validates mailbox, password and certificate; the service expects it once a day. */
  async handshake(signal?: AbortSignal): Promise<void> {
    const headers = {
      [MEX.clientVersion]: `throughcare/${this.#clientVersion}`,
      [MEX.osName]: system(),
      [MEX.osVersion]: release(),
      [MEX.osArchitecture]: arch(),
    };
    await this.#json({ method: 'POST', parts: [this.mailbox], headers, again: true, signal }, { afresh: true });
  }

  /** Whether the service is there at all; needs no token. */
  async ping(signal?: AbortSignal): Promise<void> {
    await this.#json({ method: 'GET', parts: ['_ping'], open: true, again: true, signal });
  }

  /** One page of the inbox. `next` of the page before goes on where that ended. `workflowFilter`: `W`, `!W`, `W*` … */
  async inbox(
    asked: { readonly most?: number; readonly next?: string; readonly continueFrom?: string; readonly workflowFilter?: string } = {},
    signal?: AbortSignal,
  ): Promise<InboxPage> {
    const parts = [this.mailbox, 'inbox'];
    const query = asked.next === undefined ? inboxQuery(asked) : this.#queryOf(asked.next, parts);
    const page = readInboxPage(await this.#json({ method: 'GET', parts, query, again: true, signal }));
    if (page === undefined) throw new MeshError({ trouble: 'bad-answer', status: 200, reached: true });
    return page;
  }

  /** Headers of a message without its content. Rejects with `MeshContentError` `gone` where it is no longer there. */
  async head(id: string, signal?: AbortSignal): Promise<MeshHeaders> {
    const answer = await this.#content(id, 1, 'HEAD', false, signal);
    await readWhole(answer.body, 1);
    return answer.headers;
  }

  /**
   * A message: its headers, and its content over all chunks, decompressed, read as it comes. A chunk that breaks off is asked for again
   * and goes on where it broke. `compressed`: the service may compress on the way.
   */
  async download(id: string, { compressed = true, signal }: { compressed?: boolean; signal?: AbortSignal } = {}): Promise<MeshDownload> {
    const ask = (chunk: number): Promise<Answer> => this.#content(id, chunk, 'GET', compressed, signal);
    const first = await ask(1);
    return { headers: first.headers, body: downloadBody(first, ask) };
  }

  /** Takes a message out of the inbox; one that is out already is as good. */
  async acknowledge(id: string, signal?: AbortSignal): Promise<void> {
    try {
      await this.#json({ method: 'PUT', parts: [this.mailbox, 'inbox', id, 'status', 'acknowledged'], again: true, signal });
    } catch (error) {
      if (!(error instanceof MeshError && (error.status === 404 || error.status === 410))) throw error;
    }
  }

  /**
   * First (or only) chunk of a message: never sent twice by the client. `error.unknown` says that the service may have taken it.
   * Headers by their MESH names; `content-encoding` where the body is compressed.
   */
  async send(headers: Readonly<Record<string, string>>, body: UploadBody, signal?: AbortSignal): Promise<string> {
    // The version must be known first: a wrong one would cost the message.
    if (this.#version.known === null) await this.#learnVersion();
    const answer = await this.#json(
      { method: 'POST', parts: [this.mailbox, 'outbox'], headers, body, again: false, signal },
      { expected: 202 },
    );
    const id = readMessageId(answer);
    if (id === undefined) throw new MeshError({ trouble: 'bad-answer', status: 202, reached: true });
    return id;
  }

  /** A further chunk, from 2 on; sending it again puts it in the place of the first copy. `content-encoding` is repeated with each. */
  async sendChunk(
    id: string,
    range: { readonly chunk: number; readonly of: number },
    headers: Readonly<Record<string, string>>,
    body: UploadBody,
    signal?: AbortSignal,
  ): Promise<void> {
    const parts = [this.mailbox, 'outbox', id, String(range.chunk)];
    const all = { ...headers, [MEX.chunkRange]: writeChunkRange(range) };
    await this.#json({ method: 'POST', parts, headers: all, body, again: true, signal }, { expected: 202 });
  }

  /** What became of a message of ours. Null: the service knows none of that id from this mailbox. */
  async track(id: string, signal?: AbortSignal): Promise<TrackedMessage | null> {
    return this.#tracked([this.mailbox, 'outbox', 'tracking'], `messageID=${encodeURIComponent(id)}`, signal);
  }

  /** The same by local id, which is version 1 alone and deprecated. `several`: more than one message has it. */
  async trackByLocalId(localId: string, signal?: AbortSignal): Promise<TrackedMessage | 'several' | null> {
    try {
      return await this.#tracked([this.mailbox, 'outbox', 'tracking', localId], undefined, signal);
    } catch (error) {
      if (error instanceof MeshError && error.status === 300) return 'several';
      throw error;
    }
  }

  /** Mailboxes of an organisation that take a workflow: none, one or several. */
  async lookup(ods: string, workflow: string, signal?: AbortSignal): Promise<readonly FoundMailbox[]> {
    return this.#found(['endpointlookup', ods, workflow], signal);
  }

  /** All mailboxes that take a workflow. */
  async workflowSearch(workflow: string, signal?: AbortSignal): Promise<readonly FoundMailbox[]> {
    return this.#found(['workflowsearch', workflow], signal);
  }

  /** One handshake for all that wait for the version. */
  #learnVersion(): Promise<void> {
    this.#learning ??= this.handshake().finally(() => {
      this.#learning = null;
    });
    return this.#learning.catch((error: unknown) => {
      throw beforehand(error);
    });
  }

  async #found(parts: readonly string[], signal?: AbortSignal): Promise<readonly FoundMailbox[]> {
    const found = readFoundMailboxes(await this.#json({ method: 'GET', parts, open: true, again: true, signal }));
    if (found === undefined) throw new MeshError({ trouble: 'bad-answer', status: 200, reached: true });
    return found;
  }

  async #tracked(parts: readonly string[], query: string | undefined, signal?: AbortSignal): Promise<TrackedMessage | null> {
    // By local id there is version 1 alone.
    const headers = query === undefined ? { accept: 'application/json' } : {};
    try {
      const body = await this.#json(
        { method: 'GET', parts, headers, again: true, signal, ...(query === undefined ? {} : { query }) },
        { tracking: true },
      );
      const tracked = readTracking(body);
      if (tracked === undefined) throw new MeshError({ trouble: 'bad-answer', status: 200, reached: true });
      return tracked;
    } catch (error) {
      if (error instanceof MeshError && error.status === 404) return null;
      throw error;
    }
  }

  async #content(id: string, chunk: number, method: 'GET' | 'HEAD', compressed: boolean, signal?: AbortSignal): Promise<Answer> {
    const parts = [this.mailbox, 'inbox', id, ...(chunk === 1 ? [] : [String(chunk)])];
    const headers = { 'accept-encoding': compressed ? 'gzip' : 'identity' };
    try {
      return await this.#version.learn((accept) =>
        this.#requests.ask({ method, parts, headers: { accept, ...headers }, again: true, signal }),
      );
    } catch (error) {
      if (error instanceof MeshError && (error.status === 404 || error.status === 410))
        throw new MeshContentError({ trouble: chunk === 1 ? 'gone' : 'chunk-missing', chunk }, { cause: error });
      throw error;
    }
  }

  /** The JSON of an answer; undefined where it has none. An error in it is an error, whatever its status. */
  async #json(request: MeshRequest, { expected = 200, tracking = false, afresh = false } = {}): Promise<unknown> {
    const once = async (accept: string): Promise<unknown> => {
      const answer = await this.#requests.ask({ ...request, headers: { accept, ...request.headers } });
      const text = (await readWhole(answer.body, MOST_JSON)).toString('utf8');
      let body: unknown;
      try {
        body = text.trim() === '' ? undefined : JSON.parse(text);
      } catch (error) {
        throw new MeshError({ trouble: 'bad-answer', status: answer.status, reached: true }, { cause: error });
      }
      // What is tracked may have failed, and says so in the fields of an error.
      const error = tracking ? undefined : errorInJson(body);
      if (error !== undefined) throw new MeshError({ trouble: 'accepted-but-error', status: answer.status, reached: true, ...error });
      if (answer.status !== expected && answer.status !== 200)
        throw new MeshError({ trouble: 'bad-answer', status: answer.status, reached: true });
      return body;
    };
    return request.again ? this.#version.learn(once, afresh) : once(this.#version.accept);
  }

  /** The query of a link of the service's; one that leads anywhere but to this inbox is not followed. */
  #queryOf(link: string, parts: readonly string[]): string {
    const here = new URL(pathOf(parts), this.#url);
    let to: URL;
    try {
      to = new URL(link, here);
    } catch (error) {
      throw new MeshError({ trouble: 'bad-answer', status: 200, reached: true }, { cause: error });
    }
    if (to.origin !== here.origin || to.pathname.toUpperCase() !== here.pathname.toUpperCase())
      throw new MeshError({ trouble: 'redirect', status: 200, reached: true });
    return to.search.slice(1);
  }
}

const inboxQuery = (asked: { readonly most?: number; readonly continueFrom?: string; readonly workflowFilter?: string }): string =>
  [
    ...(asked.most === undefined ? [] : [`max_results=${asked.most}`]),
    ...(asked.continueFrom === undefined ? [] : [`continue_from=${encodeURIComponent(asked.continueFrom)}`]),
    ...(asked.workflowFilter === undefined ? [] : [`workflow_filter=${encodeURIComponent(asked.workflowFilter)}`]),
  ].join('&');
