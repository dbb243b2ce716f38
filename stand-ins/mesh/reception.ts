import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { MeshVersion } from '../../formats/mesh/headers.ts';
import { type Answer, jsonAnswer, refusalAnswer } from './answer.ts';
import type { Authorizer } from './authorize.ts';
import { acknowledge, download, metadata } from './download.ts';
import { answerOfFault } from './fault-answer.ts';
import type { Fault, Faults } from './faults.ts';
import { handshake, ping } from './handshake.ts';
import { countInbox, listInbox } from './inbox-list.ts';
import { endpointLookup, workflowSearch } from './lookup.ts';
import type { RateLimit } from './rate-limit.ts';
import { Refusal, refuseBare, refuseInWords } from './refusal.ts';
import type { RequestLog, SeenRequest } from './request-log.ts';
import { type Route, type RouteName, readRoute } from './routes.ts';
import { send, sendChunk } from './send.ts';
import type { Handler, OpenHandler, Service } from './service.ts';
import { track, trackLocal } from './tracking.ts';
import { readAccept } from './version.ts';
import { breakConnection, writeAnswer } from './write-answer.ts';

/** Internal ids of one server begin alike. */
const BOOT = randomBytes(4).toString('hex');

/** Routes that need a client certificate but no token. */
const OPEN: Partial<Record<RouteName, OpenHandler>> = { ping, lookup: endpointLookup, search: workflowSearch };
const OWN: Partial<Record<RouteName, Handler>> = {
  handshake,
  inbox: listInbox,
  count: countInbox,
  metadata,
  download,
  acknowledge,
  send,
  'send-chunk': sendChunk,
  track,
  'track-local': trackLocal,
};

export interface ReceptionParts {
  readonly service: Service;
  readonly authorizer: Authorizer;
  readonly faults: Faults;
  readonly log: RequestLog;
  readonly rateLimit: RateLimit | undefined;
  /** Told of what should not happen: a fault of the server itself. */
  readonly failed: (error: unknown) => void;
}

/** Takes each request from its first line to the last byte of its answer. */
export class Reception {
  readonly #parts: ReceptionParts;
  #count = 0;

  constructor(parts: ReceptionParts) {
    this.#parts = parts;
  }

  async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { faults, log, service } = this.#parts;
    const reading = readRoute(request.method ?? 'GET', request.url ?? '/');
    const version = readAccept(request.headers.accept);
    const route = 'route' in reading ? reading.route : undefined;
    const seen = see(request, route, version ?? 1, service.now());
    log.add(seen);
    const fault = faults.take(seen);
    seen.fault = fault?.effect;
    const mailbox = service.mailboxes.get(route?.mailbox ?? '');
    if (mailbox !== undefined) {
      mailbox.open += 1;
      mailbox.mostOpen = Math.max(mailbox.mostOpen, mailbox.open);
    }
    try {
      await this.#serve(request, response, { reading, version, seen, fault });
    } catch (error) {
      // A client that goes away is no fault of the server's.
      if (!request.destroyed && !response.destroyed) this.#parts.failed(error);
      response.destroy();
    } finally {
      if (mailbox !== undefined) mailbox.open -= 1;
      // What a refused sender still sends is read and dropped.
      if (!request.readableEnded && !request.destroyed) request.resume();
    }
  }

  async #serve(
    request: IncomingMessage,
    response: ServerResponse,
    {
      reading,
      version,
      seen,
      fault,
    }: { reading: ReturnType<typeof readRoute>; version: MeshVersion | undefined; seen: SeenRequest; fault: Fault | undefined },
  ): Promise<void> {
    if (fault?.effect === 'black-hole') return;
    this.#count += 1;
    const internalId = `${BOOT}${this.#count.toString(16).padStart(8, '0')}`;
    const instead = fault === undefined ? undefined : answerOfFault(fault, internalId);
    const before =
      fault !== undefined && (fault.effect === 'reset' || instead !== undefined) && !('after' in fault && fault.after === true);
    if (before) {
      if (instead === undefined) return breakConnection(response);
      seen.status = instead.status;
      return writeAnswer(response, instead, fault);
    }
    const answer = await this.#answer(request, { reading, version, seen, internalId });
    if (fault?.effect === 'reset') return breakConnection(response);
    if (fault?.effect === 'silence') return;
    const given = instead ?? answer;
    seen.status = given.status;
    await writeAnswer(response, given, fault);
  }

  async #answer(
    request: IncomingMessage,
    {
      reading,
      version,
      seen,
      internalId,
    }: { reading: ReturnType<typeof readRoute>; version: MeshVersion | undefined; seen: SeenRequest; internalId: string },
  ): Promise<Answer> {
    try {
      if (version === undefined) throw refuseInWords(400, 'Accept header api format incorrect');
      if ('status' in reading) throw refuseInWords(reading.status, NO_ROUTE[reading.status]);
      await this.#parts.service.office.settle();
      return await this.#handle(request, reading.route, version, seen, internalId);
    } catch (error) {
      if (error instanceof Refusal) return refusalAnswer(error, version ?? 1, internalId);
      if (request.destroyed) throw error;
      this.#parts.failed(error);
      return refusalAnswer(refuseBare(500), version ?? 1, internalId);
    }
  }

  async #handle(request: IncomingMessage, route: Route, version: MeshVersion, seen: SeenRequest, internalId: string): Promise<Answer> {
    const { service, authorizer, rateLimit } = this.#parts;
    const exchange = { request, route, version, internalId };
    const open = OPEN[route.name];
    if (open !== undefined) return open(service, exchange);
    const now = service.now();
    const mailbox = authorizer.admit(request.headers.authorization, route.mailbox, request.socket, now);
    const wait = rateLimit?.wait(mailbox.id, now) ?? 0;
    if (wait > 0)
      return jsonAnswer(
        429,
        'application/json',
        { internal_id: internalId, message: 'Too many requests' },
        { 'retry-after': String(wait) },
      );
    const handler = OWN[route.name];
    if (handler === undefined) throw refuseBare(500);
    const answer = await handler(service, { ...exchange, mailbox });
    if (answer.messageId !== undefined) seen.messageId = answer.messageId;
    return answer;
  }
}

const NO_ROUTE = { 400: 'Bad Request', 404: 'Not Found', 405: 'Method Not Allowed' } as const;

const see = (request: IncomingMessage, route: Route | undefined, version: MeshVersion, now: number): SeenRequest => {
  const [, nonce = '', nonceCount = ''] = (request.headers.authorization ?? '').split(':');
  return {
    at: now,
    method: request.method ?? '',
    route: route?.name ?? 'none',
    mailbox: route?.mailbox ?? '',
    messageId: route?.messageId ?? '',
    chunk: route?.chunk ?? 0,
    version,
    nonce,
    nonceCount,
    status: 0,
    fault: undefined,
  };
};
