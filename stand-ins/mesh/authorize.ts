import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { readToken, tokenHash } from '../../formats/mesh/token.ts';
import type { Mailbox, Mailboxes } from './mailboxes.ts';
import type { Strictness } from './options.ts';
import { refuse, refuseInWords } from './refusal.ts';
import { TokensSeen } from './tokens-seen.ts';

const NAMES = new WeakMap<Socket, string>();

/** Common name of the client's certificate, read once a connection; undefined without TLS. */
const commonNameOf = (socket: Socket): string | undefined => {
  if (!(socket instanceof TLSSocket)) return undefined;
  const known = NAMES.get(socket);
  if (known !== undefined) return known;
  const name = String(socket.getPeerCertificate().subject?.CN ?? '');
  NAMES.set(socket, name);
  return name;
};

/** Believes a request or refuses it with 403: token, mailbox, hash, clock, repetition, certificate, and whether the mailbox is enabled. */
export class Authorizer {
  readonly #mailboxes: Mailboxes;
  readonly #sharedKey: string;
  readonly #strict: Strictness;
  readonly #seen = new TokensSeen();
  /** Tokens that came again. */
  replayed = 0;

  constructor(mailboxes: Mailboxes, sharedKey: string, strict: Strictness) {
    this.#mailboxes = mailboxes;
    this.#sharedKey = sharedKey;
    this.#strict = strict;
  }

  /** Throws a `Refusal`. `path` is the mailbox of the path, upper case. */
  admit(header: string | undefined, path: string, socket: Socket, now: number): Mailbox {
    const reading = readToken(header);
    if (!reading.ok) throw refuseInWords(403, 'Error reading from Authorization header');
    const { token } = reading;
    if (token.mailbox !== path) throw refuseInWords(403, 'Mailbox id does not match token');
    const mailbox = this.#mailboxes.get(path);
    if (mailbox === undefined) throw refuse(403, 'EPL-151');
    const { password } = mailbox;
    if (tokenHash(token, { password, sharedKey: this.#sharedKey }) !== token.hash) throw refuseInWords(403, 'Invalid Authentication Token');
    if (Math.abs(now - (now % MINUTE) - token.at) > this.#strict.clockWindow) throw refuseInWords(403, 'Invalid Authentication Token');
    if (!this.#seen.first(path, token.nonce, token.count, now, Math.min(this.#strict.clockWindow, LONGEST))) {
      this.replayed += 1;
      if (this.#strict.replay) throw refuseInWords(403, 'Error Duplicated Authentication Token');
    }
    if (mailbox.certificateName !== undefined) {
      const name = commonNameOf(socket);
      if (name !== undefined && name !== mailbox.certificateName) throw refuseInWords(403, 'Client certificate does not belong to mailbox');
    }
    if (!mailbox.enabled) throw refuse(403, '100');
    return mailbox;
  }
}

/** The token's time is cut to the minute, and so is the server's that it is compared with. */
const MINUTE = 60_000;
const LONGEST = 86_400_000;
