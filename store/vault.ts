import { createCipheriv, createDecipheriv, createHmac, createSecretKey, hkdfSync, type KeyObject, randomFillSync } from 'node:crypto';
import { brandAs, type ContentName, type RecordId, type TransportKey } from '../records/ids.ts';
import { checkKeys } from './key-check.ts';
import type { Keys } from './keys.ts';
import type { Database } from './pool.ts';

export interface Sealed {
  readonly keyId: number;
  /** iv (12) | ciphertext | tag (16) */
  readonly bytes: Buffer;
}

/** What was sealed is not what is being opened: changed, cut, moved to another row, or sealed with another key. */
export class SealBroken extends Error {
  constructor(keyId: number, options?: ErrorOptions) {
    super(`sealed with key ${keyId}, but does not open: the bytes or their place were changed`, options);
    this.name = 'SealBroken';
  }
}

/** Keeps patient data out of the database in clear (DESIGN §4.7), and makes the names by which it is found again. */
export interface Vault {
  /** Id of the newest seal key, the one that seals. */
  readonly keyId: number;
  /** AES-256-GCM under the newest key. `aad` binds the bytes to their place: they open only with the same. */
  seal(plain: Uint8Array, aad: Uint8Array | string): Sealed;
  /** Throws `SealBroken`. */
  unseal(keyId: number, bytes: Uint8Array, aad: Uint8Array | string): Buffer;
  /** Digest of a message's bytes, 32 bytes. */
  digest(bytes: Uint8Array): Buffer;
  /** As `digest`, for bytes that arrive in pieces. */
  digester(): { update(chunk: Uint8Array): void; digest(): Buffer };
  /** Keyed hash by which an identifier of this type is found, 16 bytes. */
  searchHash(type: string, value: string): Buffer;
  /** Name-based UUIDv8 of a record item: the same parts always give the same id. */
  nameId(parts: readonly string[]): RecordId;
  contentName(bytes: Uint8Array): ContentName;
  /** As `contentName`, for bytes that arrive in pieces. */
  contentNamer(): { update(chunk: Uint8Array): void; name(): ContentName };
  /** 20 characters of A–Z and 2–7, beginning with a letter: fits MSH-10 and file names, and tells nothing. */
  transportKey(parts: readonly string[]): TransportKey;
}

const IV = 12;
const TAG = 16;
const MOST_HASHES = 8_192;
const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/** Random bytes are drawn in blocks: a call for twelve costs more than the sealing. A 96-bit random iv is good for 2^32 seals a key. */
class Randomness {
  readonly #pool = Buffer.allocUnsafe(IV * 512);
  #at = this.#pool.length;
  copyTo(out: Buffer): void {
    if (this.#at === this.#pool.length) {
      randomFillSync(this.#pool);
      this.#at = 0;
    }
    this.#pool.copy(out, 0, this.#at, this.#at + IV);
    this.#at += IV;
  }
}

/** Parts with their lengths, so that ['ab','c'] and ['a','bc'] differ. */
const joined = (parts: readonly string[]): string => parts.map((part) => `${part.length}:${part}`).join('');

const base32 = (bytes: Buffer, length: number): string => {
  let out = '';
  let bits = 0;
  let held = 0;
  for (const byte of bytes) {
    held = ((held << 8) | byte) & 0xfff;
    bits += 8;
    while (bits >= 5 && out.length < length) {
      bits -= 5;
      out += BASE32.charAt((held >> bits) & 31);
    }
  }
  return out;
};

export class KeyedVault implements Vault {
  readonly #seals = new Map<number, KeyObject>();
  readonly keyId: number;
  readonly #newest: KeyObject;
  readonly #search: KeyObject;
  readonly #messages: KeyObject;
  readonly #contents: KeyObject;
  readonly #names: KeyObject;
  readonly #transports: KeyObject;
  readonly #random = new Randomness();
  /** Hashes of what is looked for again and again: the identifiers of those whose messages are coming in. */
  readonly #hashes = new Map<string, Buffer>();

  constructor(keys: Keys) {
    for (const [id, key] of keys.seal) this.#seals.set(id, createSecretKey(key));
    this.keyId = Math.max(...keys.seal.keys());
    const newest = this.#seals.get(this.keyId);
    if (newest === undefined) throw new RangeError('no seal key');
    this.#newest = newest;
    this.#search = createSecretKey(keys.search.key);
    // One identity key; each use has its own, so that a digest of one kind never stands for another.
    const derive = (use: string): KeyObject =>
      createSecretKey(Buffer.from(hkdfSync('sha256', keys.identity.key, '', `throughcare ${use}`, 32)));
    this.#messages = derive('message digest');
    this.#contents = derive('content name');
    this.#names = derive('record id');
    this.#transports = derive('transport key');
  }

  seal(plain: Uint8Array, aad: Uint8Array | string): Sealed {
    const bytes = Buffer.allocUnsafe(IV + plain.length + TAG);
    this.#random.copyTo(bytes);
    const cipher = createCipheriv('aes-256-gcm', this.#newest, bytes.subarray(0, IV));
    cipher.setAAD(typeof aad === 'string' ? Buffer.from(aad) : aad);
    bytes.set(cipher.update(plain), IV);
    cipher.final();
    bytes.set(cipher.getAuthTag(), IV + plain.length);
    return { keyId: this.keyId, bytes };
  }

  unseal(keyId: number, bytes: Uint8Array, aad: Uint8Array | string): Buffer {
    const key = this.#seals.get(keyId);
    if (key === undefined || bytes.length < IV + TAG) throw new SealBroken(keyId);
    const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, IV), { authTagLength: TAG });
    decipher.setAAD(typeof aad === 'string' ? Buffer.from(aad) : aad);
    decipher.setAuthTag(bytes.subarray(bytes.length - TAG));
    const plain = decipher.update(bytes.subarray(IV, bytes.length - TAG));
    try {
      decipher.final();
    } catch (cause) {
      throw new SealBroken(keyId, { cause });
    }
    return plain;
  }

  digest(bytes: Uint8Array): Buffer {
    return createHmac('sha256', this.#messages).update(bytes).digest();
  }

  digester(): { update(chunk: Uint8Array): void; digest(): Buffer } {
    const hmac = createHmac('sha256', this.#messages);
    return {
      update: (chunk) => {
        hmac.update(chunk);
      },
      digest: () => hmac.digest(),
    };
  }

  searchHash(type: string, value: string): Buffer {
    const name = joined([type, value]);
    const known = this.#hashes.get(name);
    if (known !== undefined) return known;
    const hash = createHmac('sha256', this.#search).update(name).digest().subarray(0, 16);
    if (this.#hashes.size >= MOST_HASHES) this.#hashes.clear();
    this.#hashes.set(name, hash);
    return hash;
  }

  nameId(parts: readonly string[]): RecordId {
    const bytes = createHmac('sha256', this.#names).update(joined(parts)).digest().subarray(0, 16);
    // RFC 9562: version 8 (ours), variant 10.
    bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x80, 6);
    bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
    const hex = bytes.toString('hex');
    return brandAs<RecordId>(`${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`);
  }

  contentName(bytes: Uint8Array): ContentName {
    return brandAs<ContentName>(createHmac('sha256', this.#contents).update(bytes).digest('hex'));
  }

  contentNamer(): { update(chunk: Uint8Array): void; name(): ContentName } {
    const hmac = createHmac('sha256', this.#contents);
    return {
      update: (chunk) => {
        hmac.update(chunk);
      },
      name: () => brandAs<ContentName>(hmac.digest('hex')),
    };
  }

  transportKey(parts: readonly string[]): TransportKey {
    const bytes = createHmac('sha256', this.#transports).update(joined(parts)).digest();
    const first = BASE32.charAt(bytes.readUInt8(31) % 26);
    return brandAs<TransportKey>(first + base32(bytes, 19));
  }
}

/** The vault of these keys, once they have shown that they are the ones this database was written with. Throws `KeyProblem`. */
export const openVault = async (database: Database, keys: Keys): Promise<Vault> => {
  await checkKeys(database, keys);
  return new KeyedVault(keys);
};
