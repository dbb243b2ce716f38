import { randomBytes } from 'node:crypto';
import { link, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Problem } from '../records/problem.ts';
import { errnoOf } from './errno.ts';

/** The keys are missing, malformed, or not the ones this database was written with. Holds no key material. */
export class KeyProblem extends Problem {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'KeyProblem';
  }
}

/**
 * Three keys of 32 bytes, apart so that each can be changed in its own way (rulings A8):
 * `seal` seals what is stored and is rotated by adding one with a higher id: the highest seals, all unseal;
 * `search` finds identifiers by keyed hash; `identity` makes digests and names that must never change, so it is never rotated.
 */
export interface Keys {
  readonly seal: ReadonlyMap<number, Buffer>;
  readonly search: { readonly id: number; readonly key: Buffer };
  readonly identity: { readonly id: number; readonly key: Buffer };
}

const BYTES = 32;
const LINE = /^(seal|search|identity):(\d{1,5}):([A-Za-z0-9+/_-]+={0,2})$/;

/**
 * Reads keys as they stand in the key file or in `store.keys`: one `purpose:id:base64` a line (or separated by blanks,
 * for environment variables), `#` begins a comment line. Throws `KeyProblem`.
 */
export const readKeys = (text: string): Keys => {
  const found = { seal: new Map<number, Buffer>(), search: new Map<number, Buffer>(), identity: new Map<number, Buffer>() };
  const entries = text
    .split('\n')
    .filter((line) => !line.trimStart().startsWith('#'))
    .flatMap((line) => line.split(/\s+/))
    .filter((entry) => entry !== '');
  for (const [index, entry] of entries.entries()) {
    const match = LINE.exec(entry);
    const purpose = match?.[1];
    if (purpose !== 'seal' && purpose !== 'search' && purpose !== 'identity')
      throw new KeyProblem(`key ${index + 1} is not of the form seal:1:<base64 of 32 bytes>`);
    const id = Number(match?.[2]);
    const key = Buffer.from(match?.[3] ?? '', 'base64');
    if (key.length !== BYTES) throw new KeyProblem(`key ${purpose}:${id} has ${key.length} bytes, 32 are needed`);
    if (id < 1 || id > 32_767) throw new KeyProblem(`key ${purpose}:${id}: ids go from 1 to 32767`);
    if (found[purpose].has(id)) throw new KeyProblem(`key ${purpose}:${id} is given twice`);
    found[purpose].set(id, key);
  }
  if (found.seal.size === 0) throw new KeyProblem('no seal key is given');
  return { seal: found.seal, search: only('search', found.search), identity: only('identity', found.identity) };
};

const only = (purpose: string, keys: ReadonlyMap<number, Buffer>): { id: number; key: Buffer } => {
  const [first, second] = keys;
  if (first === undefined) throw new KeyProblem(`no ${purpose} key is given`);
  if (second !== undefined) throw new KeyProblem(`there must be one ${purpose} key, ${keys.size} are given`);
  return { id: first[0], key: first[1] };
};

/** Fresh keys. */
export const makeKeys = (): Keys => ({
  seal: new Map([[1, randomBytes(BYTES)]]),
  search: { id: 1, key: randomBytes(BYTES) },
  identity: { id: 1, key: randomBytes(BYTES) },
});

/** The form that `readKeys` reads. */
export const showKeys = (keys: Keys): string => {
  const lines = [...keys.seal].map(([id, key]) => `seal:${id}:${key.toString('base64')}`);
  lines.push(
    `search:${keys.search.id}:${keys.search.key.toString('base64')}`,
    `identity:${keys.identity.id}:${keys.identity.key.toString('base64')}`,
  );
  return `${lines.join('\n')}\n`;
};

const NOTICE = `# Keys of this Throughcare's store. Without them nothing in its database can be read: keep a copy elsewhere.
# To rotate, add a line seal:<next number>:<base64 of 32 random bytes>; the older seal keys stay. Never change search or identity.
`;

export const keyFile = (data: string): string => join(data, 'keys');

/** The key file of a data folder; undefined when there is none. */
export const readKeyFile = async (data: string): Promise<Keys | undefined> => {
  let text: string;
  try {
    text = await readFile(keyFile(data), 'utf8');
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw new KeyProblem(`the key file ${keyFile(data)} cannot be read`, { cause: error });
  }
  return readKeys(text);
};

/** Makes the key file (mode 0600) unless another daemon was first; resolves with what it holds then. */
export const makeKeyFile = async (data: string): Promise<Keys> => {
  const file = keyFile(data);
  await mkdir(dirname(file), { recursive: true });
  const draft = `${file}.${randomBytes(6).toString('hex')}`;
  await writeFile(draft, NOTICE + showKeys(makeKeys()), { mode: 0o600, flag: 'wx', flush: true });
  try {
    await link(draft, file);
  } catch (error) {
    if (errnoOf(error) !== 'EEXIST') throw error;
  } finally {
    await rm(draft, { force: true });
  }
  const keys = await readKeyFile(data);
  if (keys === undefined) throw new KeyProblem(`the key file ${file} was removed while it was made`);
  return keys;
};
