import { appendFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { claimedName, matcher, nthName, unclaimedName } from '../../../adapters/files/names.ts';
import { Readiness } from '../../../adapters/files/readiness.ts';
import { openToRead, readWhole } from '../../../adapters/files/reading.ts';
import { makeFolder } from '../support/folders.ts';

describe('reading a file', () => {
  it('notices that it grows while it is read', async () => {
    const folder = await makeFolder();
    const path = join(folder.path, 'a.hl7');
    await writeFile(path, 'half');
    const handle = await openToRead(Buffer.from(path));
    const look = handle.stat.bind(handle);
    jest.spyOn(handle, 'stat').mockImplementationOnce(async () => {
      const before = await look();
      await appendFile(path, ' and the rest');
      return before;
    });
    expect(await readWhole(handle, 1_000)).toEqual({ kind: 'growing' });
    await handle.close();
    await folder.remove();
  });
});

describe('readiness', () => {
  it('wants the same size, time and file over the whole span', () => {
    const readiness = new Readiness(100);
    const looks: readonly (readonly [now: number, size: number, mtimeMs: number, ino: number, ready: boolean])[] = [
      [0, 5, 1, 1, false],
      [60, 6, 1, 1, false],
      [150, 6, 1, 1, false],
      [159, 6, 2, 1, false],
      [258, 6, 2, 1, false],
      [259, 6, 2, 1, true],
      // Replaced by another file of the same size and time.
      [300, 6, 2, 9, false],
      [400, 6, 2, 9, true],
    ];
    for (const [now, size, mtimeMs, ino, ready] of looks) {
      expect({ now, ready: readiness.look('a', { size, mtimeMs, ino }, now) }).toEqual({ now, ready });
      readiness.endScan();
    }
  });

  it('forgets a file that was away for a scan', () => {
    const readiness = new Readiness(100);
    readiness.look('a', { size: 1, mtimeMs: 1, ino: 1 }, 0);
    readiness.endScan();
    readiness.endScan();
    expect(readiness.look('a', { size: 1, mtimeMs: 1, ino: 1 }, 200)).toBe(false);
  });
});

const names = fc
  .uint8Array({ minLength: 1, maxLength: 255 })
  .map((bytes) => Buffer.from(bytes.map((byte) => (byte === 0 || byte === 0x2f ? 0x61 : byte))))
  .filter((name) => name[0] !== 0x2e);

describe('names', () => {
  it('are given back after a claim, and have room for every mark', () => {
    fc.assert(
      fc.property(names, fc.integer({ min: 1, max: 9_999 }), (name, n) => {
        const claimed = claimedName('0a1b2c3d', name);
        expect(claimed.length).toBeLessThanOrEqual(255);
        if (name.length <= 220) expect(unclaimedName(claimed)).toEqual(name);
        expect(nthName(name, n).length + '.error'.length).toBeLessThanOrEqual(255);
        expect(nthName(name, n)).not.toEqual(nthName(name, n + 1));
      }),
    );
  });

  it('match a pattern as a whole, its signs taken as they stand', () => {
    const fits = (pattern: string, name: string): boolean => matcher(pattern)(Buffer.from(name));
    expect([
      fits('*.hl7', 'a.HL7'),
      fits('*.hl7', 'a.hl7.tmp'),
      fits('*', 'a\nb'),
      fits('a.b', 'axb'),
      fits('(a|b)*', 'a'),
      fits('ü?', 'üx'),
    ]).toEqual([true, false, true, false, false, true]);
  });
});
