import fc from 'fast-check';
import { KeyProblem, type Keys, makeKeys, readKeys, showKeys } from '../../store/keys.ts';
import { KeyedVault, openVault, SealBroken } from '../../store/vault.ts';
import { type TestDatabase, testDatabase } from '../support/database.ts';

const anotherSeal = (keys: Keys, id: number): Keys => {
  const [key] = makeKeys().seal.values();
  if (key === undefined) throw new Error('no key was made');
  return { ...keys, seal: new Map([...keys.seal, [id, key]]) };
};

describe('the vault', () => {
  const vault = new KeyedVault(makeKeys());
  const plain = Buffer.from('MSH|^~\\&|NOMIS|LEI|TC|TC|20260302||ADT^A01|1|P|2.4\r');

  it('opens what it sealed, for any bytes and place', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 3000 }), fc.string(), (bytes, place) => {
        const sealed = vault.seal(bytes, place);
        expect(sealed.bytes.length).toBe(bytes.length + 28);
        expect(vault.unseal(sealed.keyId, sealed.bytes, place).equals(bytes)).toBe(true);
      }),
    );
  });

  it('never seals the same bytes to the same form, and shows none of them', () => {
    const forms = new Set(Array.from({ length: 2000 }, () => vault.seal(plain, 'a').bytes.toString('latin1')));
    expect(forms.size).toBe(2000);
    for (const form of forms) expect(form).not.toContain('NOMIS');
  });

  it('★ does not open what was changed, cut, or put in another place', () => {
    const { keyId, bytes } = vault.seal(plain, 'record:1');
    expect(() => vault.unseal(keyId, bytes, 'record:2')).toThrow(SealBroken);
    expect(() => vault.unseal(keyId, bytes.subarray(0, -1), 'record:1')).toThrow(SealBroken);
    expect(() => vault.unseal(keyId, bytes.subarray(0, 5), 'record:1')).toThrow(SealBroken);
    for (const at of [0, 12, bytes.length - 1]) {
      const changed = Buffer.from(bytes);
      changed.writeUInt8(changed.readUInt8(at) ^ 1, at);
      expect(() => vault.unseal(keyId, changed, 'record:1')).toThrow(SealBroken);
    }
  });

  it('★ opens what older keys sealed after a rotation; digests and names stay the same', () => {
    const before = makeKeys();
    const old = new KeyedVault(before);
    const sealed = old.seal(plain, 'a');
    const rotated = new KeyedVault(anotherSeal(before, 2));
    expect(rotated.unseal(sealed.keyId, sealed.bytes, 'a').equals(plain)).toBe(true);
    expect(rotated.seal(plain, 'a').keyId).toBe(2);
    expect(rotated.digest(plain).equals(old.digest(plain))).toBe(true);
    expect(rotated.nameId(['x'])).toBe(old.nameId(['x']));
    expect(rotated.searchHash('nhs-number', '9990000018').equals(old.searchHash('nhs-number', '9990000018'))).toBe(true);
    const [, onlyNew] = [...anotherSeal(before, 2).seal];
    expect(() => new KeyedVault({ ...before, seal: new Map(onlyNew === undefined ? [] : [onlyNew]) }).unseal(1, sealed.bytes, 'a')).toThrow(
      SealBroken,
    );
  });

  it('★ makes names under the identity key alone, apart from each other', () => {
    const keys = makeKeys();
    const one = new KeyedVault(keys);
    const otherSearch = new KeyedVault({ ...makeKeys(), identity: keys.identity });
    expect(otherSearch.digest(plain).equals(one.digest(plain))).toBe(true);
    expect(otherSearch.transportKey(['a'])).toBe(one.transportKey(['a']));
    expect(otherSearch.searchHash('t', 'v').equals(one.searchHash('t', 'v'))).toBe(false);
    expect(one.contentName(plain)).not.toBe(one.digest(plain).toString('hex'));
  });

  it('makes UUIDs of version 8 and transport keys that fit MSH-10 and file names', () => {
    fc.assert(
      fc.property(fc.array(fc.string(), { maxLength: 4 }), (parts) => {
        expect(vault.nameId(parts)).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
        expect(vault.transportKey(parts)).toMatch(/^[A-Z][A-Z2-7]{19}$/);
      }),
    );
  });

  it('tells apart parts that read the same when joined', () => {
    expect(vault.nameId(['ab', 'c'])).not.toBe(vault.nameId(['a', 'bc']));
    expect(vault.transportKey(['1:a'])).not.toBe(vault.transportKey(['1', 'a']));
    expect(vault.searchHash('a', 'bc').equals(vault.searchHash('ab', 'c'))).toBe(false);
  });

  it('names content the same in one piece and in many', () => {
    const namer = vault.contentNamer();
    namer.update(plain.subarray(0, 7));
    namer.update(plain.subarray(7));
    expect(namer.name()).toBe(vault.contentName(plain));
  });
});

describe('keys', () => {
  it('are read as they are shown, from a file or one line of an environment variable', () => {
    const keys = anotherSeal(makeKeys(), 7);
    const text = showKeys(keys);
    expect(readKeys(`# comment\n\n${text}`)).toEqual(keys);
    expect(readKeys(text.replaceAll('\n', ' '))).toEqual(keys);
  });

  it.each([
    ['nonsense', 'key 1 is not of the form'],
    ['seal:1:c2hvcnQ=', 'key seal:1 has 5 bytes'],
    ['', 'no seal key'],
    [showKeys(makeKeys()).replace(/^identity.*$/m, ''), 'no identity key'],
    [showKeys(makeKeys()).replace(/^search.*$/m, ''), 'no search key'],
    [`${showKeys(makeKeys())}search:2:${'A'.repeat(43)}=`, 'one search key'],
    [`${showKeys(makeKeys())}seal:1:${'A'.repeat(43)}=`, 'seal:1 is given twice'],
    [showKeys(makeKeys()).replace('seal:1', 'seal:40000'), 'ids go from 1 to 32767'],
  ])('are refused with a reason (%#)', (text, why) => {
    expect(() => readKeys(text)).toThrow(why);
    expect(() => readKeys(text)).toThrow(KeyProblem);
  });

  it('show nothing of themselves in an error', () => {
    const [secret] = [...makeKeys().seal.values()].map((key) => key.toString('base64'));
    try {
      readKeys(`seal:x:${secret}`);
    } catch (error) {
      expect(String(error)).not.toContain(secret);
      return;
    }
    throw new Error('a malformed key was taken');
  });
});

describe('a database and its keys', () => {
  let db: TestDatabase;
  beforeEach(async () => {
    db = await testDatabase();
    await db.database.query('truncate key_check');
  });
  afterEach(() => db.close());

  it('★ refuses keys it was not written with, before anything is written', async () => {
    const keys = makeKeys();
    await openVault(db.database, keys);
    await expect(openVault(db.database, makeKeys())).rejects.toThrow(/key (seal|search|identity):1 is not the one/);
    await expect(openVault(db.database, { ...keys, identity: makeKeys().identity })).rejects.toThrow('identity:1 is not the one');
    await expect(openVault(db.database, { ...keys, search: makeKeys().search })).rejects.toThrow('search:1 is not the one');
    await expect(openVault(db.database, { ...keys, identity: { ...keys.identity, id: 2 } })).rejects.toThrow(
      'identity:1, which is not given',
    );
    await expect(openVault(db.database, keys)).resolves.toBeDefined();
  });

  it('★ takes a further seal key, and from then on insists on it', async () => {
    const keys = makeKeys();
    await openVault(db.database, keys);
    const rotated = anotherSeal(keys, 2);
    await openVault(db.database, rotated);
    await expect(openVault(db.database, keys)).rejects.toThrow('seal:2, which is not given');
  });

  it('lets many daemons begin at once with the same keys, and one of two with different ones', async () => {
    const keys = makeKeys();
    await Promise.all(Array.from({ length: 8 }, () => openVault(db.database, keys)));
    await db.database.query('truncate key_check');
    const ends = await Promise.allSettled([openVault(db.database, makeKeys()), openVault(db.database, makeKeys())]);
    expect(ends.map((end) => end.status).sort()).toEqual(['fulfilled', 'rejected']);
  });
});
