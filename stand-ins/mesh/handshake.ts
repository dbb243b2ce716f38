import { MEX } from '../../formats/mesh/headers.ts';
import { emptyAnswer, jsonAnswer, meshAnswer } from './answer.ts';
import { missing, refuseFields } from './refusal.ts';
import { type Handler, headerOf, type OpenHandler } from './service.ts';

const REQUIRED = [MEX.clientVersion, MEX.osName, MEX.osVersion];

/** Validates the mailbox: expected once a day, with what the client runs on. */
export const handshake: Handler = (_service, { request, mailbox, version }) => {
  const absent = REQUIRED.filter((name) => headerOf(request, name) === '');
  if (absent.length > 0) throw refuseFields(...absent.map((name) => missing('header', name)));
  return version === 1 ? meshAnswer(200, 1, { mailboxId: mailbox.id }) : emptyAnswer(200);
};

export const ping: OpenHandler = (_service, { internalId }) =>
  jsonAnswer(200, 'application/json', { ping: 'pong', internal_id: internalId });
