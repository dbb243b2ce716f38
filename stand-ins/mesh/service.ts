import type { IncomingMessage } from 'node:http';
import type { MeshVersion } from '../../formats/mesh/headers.ts';
import type { Answer } from './answer.ts';
import type { Mailbox, Mailboxes } from './mailboxes.ts';
import type { ReportForm, Strictness } from './options.ts';
import type { PostOffice } from './post-office.ts';
import type { Route } from './routes.ts';
import type { Spool } from './spool.ts';

/** What every handler works with. */
export interface Service {
  readonly mailboxes: Mailboxes;
  readonly office: PostOffice;
  readonly spool: Spool;
  readonly strict: Strictness;
  readonly reports: ReportForm;
  readonly routedWorkflows: readonly string[];
  readonly maxBodyBytes: number;
  readonly gzipDownloads: boolean;
  readonly expiry: number;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** One request, read and believed. */
export interface Exchange {
  readonly request: IncomingMessage;
  readonly route: Route;
  readonly version: MeshVersion;
  readonly internalId: string;
}

/** A request in the name of a mailbox. */
export interface OwnExchange extends Exchange {
  readonly mailbox: Mailbox;
}

export type Handler = (service: Service, exchange: OwnExchange) => Answer | Promise<Answer>;
export type OpenHandler = (service: Service, exchange: Exchange) => Answer;

/** A header's text; absent and repeated ones are as empty as empty ones. */
export const headerOf = (request: IncomingMessage, name: string): string => {
  const value = request.headers[name];
  return typeof value === 'string' ? value.trim() : '';
};
