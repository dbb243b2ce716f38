import { generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';

/** Certificates made for one test run (P-256, DER by hand: Node signs, but writes no certificates), so that no key lies in the repository. */

const tlv = (tag: number, ...parts: readonly Buffer[]): Buffer => {
  const body = Buffer.concat(parts);
  const size = body.length;
  const length = size < 128 ? Buffer.from([size]) : size < 256 ? Buffer.from([0x81, size]) : Buffer.from([0x82, size >> 8, size & 255]);
  return Buffer.concat([Buffer.from([tag]), length, body]);
};
const sequence = (...parts: readonly Buffer[]): Buffer => tlv(0x30, ...parts);
const integer = (bytes: Buffer): Buffer => tlv(0x02, bytes);
const bits = (bytes: Buffer): Buffer => tlv(0x03, Buffer.from([0]), bytes);

const oid = (dotted: string): Buffer => {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  const bytes = [first * 40 + second];
  for (const part of rest) {
    const group = [part & 127];
    for (let left = part >> 7; left > 0; left >>= 7) group.unshift((left & 127) | 128);
    bytes.push(...group);
  }
  return tlv(0x06, Buffer.from(bytes));
};

const time = (at: Date): Buffer => tlv(0x18, Buffer.from(`${at.toISOString().replace(/[-:T]/g, '').slice(0, 14)}Z`));
const named = (name: string): Buffer => sequence(tlv(0x31, sequence(oid('2.5.4.3'), tlv(0x0c, Buffer.from(name)))));
const extension = (id: string, value: Buffer): Buffer => sequence(oid(id), tlv(0x04, value));
const ECDSA_SHA256 = sequence(oid('1.2.840.10045.4.3.2'));
const DAY = 86_400_000;

const pem = (der: Buffer): string =>
  `-----BEGIN CERTIFICATE-----\n${der.toString('base64').replace(/.{64}/g, '$&\n').trimEnd()}\n-----END CERTIFICATE-----\n`;

export interface Identity {
  /** PEM. */
  readonly cert: string;
  readonly key: string;
}

export interface Authority extends Identity {
  /** A certificate signed by this authority, for DNS names and IPv4 addresses; `days` below zero: it has expired. */
  issue(name: string, names?: readonly string[], days?: number): Identity;
}

const make = (
  subject: string,
  issuer: string,
  signer: KeyObject,
  publicKey: KeyObject,
  extensions: readonly Buffer[],
  days: number,
): string => {
  const now = Date.now();
  const serial = randomBytes(8);
  serial[0] = 1;
  const body = sequence(
    tlv(0xa0, integer(Buffer.from([2]))),
    integer(serial),
    ECDSA_SHA256,
    named(issuer),
    sequence(time(new Date(now - 2 * DAY)), time(new Date(now + days * DAY))),
    named(subject),
    publicKey.export({ type: 'spki', format: 'der' }),
    tlv(0xa3, sequence(...extensions)),
  );
  return pem(sequence(body, ECDSA_SHA256, bits(sign('sha256', body, signer))));
};

const alternativeName = (name: string): Buffer =>
  /^\d+(?:\.\d+){3}$/.test(name) ? tlv(0x87, Buffer.from(name.split('.').map(Number))) : tlv(0x82, Buffer.from(name));

const keyText = (key: KeyObject): string => key.export({ type: 'pkcs8', format: 'pem' }).toString();

export const makeAuthority = (name: string): Authority => {
  const own = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const basic = extension('2.5.29.19', sequence(tlv(0x01, Buffer.from([255]))));
  return {
    cert: make(name, name, own.privateKey, own.publicKey, [basic], 1),
    key: keyText(own.privateKey),
    issue: (subject, names = ['127.0.0.1', 'localhost'], days = 1) => {
      const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
      const extensions = [extension('2.5.29.17', sequence(...names.map(alternativeName)))];
      return { cert: make(subject, name, own.privateKey, pair.publicKey, extensions, days), key: keyText(pair.privateKey) };
    },
  };
};
