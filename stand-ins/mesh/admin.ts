import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { Problem } from '../../records/problem.ts';
import { checked } from './checked.ts';
import { readDuration } from './duration.ts';
import type { MeshServer } from './handle.ts';
import { closeServer, listenOn } from './listen.ts';
import { isMessageState } from './message.ts';
import { headerOf } from './service.ts';
import { AdvanceSetting, EnabledSetting, FaultSetting, ReportSetting } from './settings-schema.ts';

const HOST = '127.0.0.1';
const readFault = checked(FaultSetting);
const readReport = checked(ReportSetting);
const readAdvance = checked(AdvanceSetting);
const readEnabled = checked(EnabledSetting);

type Act = (server: MeshServer, request: IncomingMessage, url: URL, name: string) => unknown;

const json = async (request: IncomingMessage): Promise<unknown> => {
  // Nothing a web page could send by itself.
  if (!headerOf(request, 'content-type').startsWith('application/json')) throw new Problem('send JSON: Content-Type application/json');
  try {
    return JSON.parse(await text(request));
  } catch (error) {
    throw new Problem('the body is no JSON', { cause: error });
  }
};

const overview: Act = (server) => ({
  url: server.url,
  now: new Date(server.clock.now()).toISOString(),
  mailboxes: server.mailboxes().map(({ id, enabled, waiting }) => ({ id, enabled, waiting })),
  totals: server.totals(),
  faults: server.faults(),
});

const messages: Act = (server, _request, url) => {
  const state = url.searchParams.get('state') ?? undefined;
  if (state !== undefined && !isMessageState(state)) throw new Problem(`there is no state ${state}`);
  const recipient = url.searchParams.get('mailbox')?.toUpperCase();
  return server.messages({ ...(state === undefined ? {} : { state }), ...(recipient === undefined ? {} : { recipient }) });
};

/** The body is the message; headers as a sender writes them. */
const put: Act = async (server, request, _url, mailbox) => {
  const header = (name: string): string | undefined => headerOf(request, name) || undefined;
  const optional = {
    from: header('mex-from'),
    subject: header('mex-subject'),
    localId: header('mex-localid'),
    fileName: header('mex-filename'),
    contentType: header('content-type'),
  };
  const given = Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== undefined));
  const workflowId = header('mex-workflowid');
  if (workflowId === undefined) throw new Problem('say the workflow in the header mex-workflowid');
  return { id: await server.put(mailbox, { workflowId, body: request, ...given }) };
};

const done = { done: true };
/** By method and first part of the path; `*` where a name follows it. */
const ACTS: Readonly<Record<string, Act>> = {
  'GET /': overview,
  'GET /requests': (server) => server.requests(),
  'GET /messages': messages,
  'POST /messages/*': put,
  'POST /reports': async (server, request) => {
    const { mailbox, ...report } = readReport(await json(request), 'report');
    return { id: await server.report(mailbox, report) };
  },
  'POST /reinstate/*': async (server, _request, _url, id) => {
    await server.reinstate(id);
    return done;
  },
  'POST /clock': async (server, request) => {
    const { advance } = readAdvance(await json(request), 'clock');
    await server.clock.advance(readDuration(advance) ?? 0);
    return { now: new Date(server.clock.now()).toISOString() };
  },
  'POST /faults': async (server, request) => {
    server.inject(readFault(await json(request), 'fault'));
    return done;
  },
  'DELETE /faults': (server) => {
    server.clearFaults();
    return done;
  },
  'POST /mailboxes/*': async (server, request, _url, id) => {
    await server.setEnabled(id, readEnabled(await json(request), 'mailbox').enabled);
    return done;
  },
};

const answer = (response: ServerResponse, status: number, value: unknown): void => {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(`${JSON.stringify(value, null, 2)}\n`);
};

const serve = async (server: MeshServer, request: IncomingMessage, response: ServerResponse): Promise<void> => {
  // A page in a browser on this machine could reach loopback under another name.
  if (!/^(?:127\.0\.0\.1|localhost)(?::\d+)?$/.test(headerOf(request, 'host')))
    return answer(response, 403, { error: 'ask for 127.0.0.1' });
  const url = new URL(request.url ?? '/', `http://${HOST}`);
  const [, first = '', name] = url.pathname.split('/');
  const act = ACTS[`${request.method} /${first}${name === undefined ? '' : '/*'}`];
  if (act === undefined) return answer(response, 404, { error: 'there is no such thing', there: Object.keys(ACTS) });
  try {
    answer(response, 200, await act(server, request, url, decodeURIComponent(name ?? '')));
  } catch (error) {
    answer(response, 400, { error: error instanceof Error ? error.message : 'refused' });
  }
};

/** The admin door of a stand-in: what a test does in process, for other programs. On loopback only, without a password. */
export const openAdmin = async (server: MeshServer, port: number): Promise<{ readonly url: string; close(): Promise<void> }> => {
  const door: Server = createServer((request, response) => void serve(server, request, response));
  return { url: `http://${HOST}:${await listenOn(door, port, HOST)}`, close: () => closeServer(door) };
};
