import { createHmac } from 'node:crypto';
import { minuteStamp, readStamp } from './timestamp.ts';

/**
 * The authorization token of the MESH API: `NHSMESH <mailbox>:<nonce>:<count>:<timestamp>:<hash>`, one space, no colon behind the scheme.
 * The hash is HMAC-SHA256 in lower-case hex under the environment's shared key; the password stands in what is hashed, between count and
 * timestamp, and is never sent. One token is good for one request: each attempt, also a repeated one, is signed afresh.
 */
export interface TokenFacts {
  /** Upper case. */
  readonly mailbox: string;
  /** A GUID, in any case. */
  readonly nonce: string;
  /** How often this nonce was used: both a new nonce each time and a growing count are legal. */
  readonly count: number;
  /** Minutes, UTC: `yyyyMMddHHmm`. */
  readonly timestamp: string;
}

export interface TokenSecrets {
  readonly password: string;
  readonly sharedKey: string;
}

const SCHEME = 'NHSMESH';

export const tokenHash = ({ mailbox, nonce, count, timestamp }: TokenFacts, { password, sharedKey }: TokenSecrets): string =>
  createHmac('sha256', sharedKey).update(`${mailbox}:${nonce}:${count}:${password}:${timestamp}`).digest('hex');

/** The value of the `Authorization` header for one request. Clock and randomness are the caller's. */
export const signToken = (request: { mailbox: string; nonce: string; count: number; at: Date }, secrets: TokenSecrets): string => {
  const facts = { mailbox: request.mailbox, nonce: request.nonce, count: request.count, timestamp: minuteStamp(request.at) };
  return `${SCHEME} ${facts.mailbox}:${facts.nonce}:${facts.count}:${facts.timestamp}:${tokenHash(facts, secrets)}`;
};

export interface Token extends TokenFacts {
  readonly hash: string;
  /** The timestamp, milliseconds since 1970. */
  readonly at: number;
}
export type TokenFault = 'absent' | 'scheme' | 'parts' | 'mailbox' | 'nonce' | 'count' | 'timestamp' | 'hash';
export type TokenReading = { readonly ok: true; readonly token: Token } | { readonly ok: false; readonly why: TokenFault };

const GUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const fault = (why: TokenFault): TokenReading => ({ ok: false, why });

/** Takes a header apart, strictly; whether it is to be believed (hash, clock, repetition) is for who knows the secrets. */
export const readToken = (header: string | undefined): TokenReading => {
  if (header === undefined || header === '') return fault('absent');
  if (!header.startsWith(`${SCHEME} `)) return fault('scheme');
  const parts = header.slice(SCHEME.length + 1).split(':');
  if (parts.length !== 5) return fault('parts');
  const [mailbox = '', nonce = '', count = '', timestamp = '', hash = ''] = parts;
  if (!/^[A-Z0-9_-]+$/.test(mailbox)) return fault('mailbox');
  if (!GUID.test(nonce)) return fault('nonce');
  if (!/^(?:0|[1-9]\d{0,14})$/.test(count)) return fault('count');
  const at = timestamp.length === 12 ? readStamp(timestamp) : undefined;
  if (at === undefined) return fault('timestamp');
  if (!/^[0-9a-f]{64}$/.test(hash)) return fault('hash');
  return { ok: true, token: { mailbox, nonce, count: Number(count), timestamp, hash, at } };
};
