import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeFolders } from '../../config/folders.ts';
import { parseConfig } from '../../config/load.ts';

describe('makeFolders', () => {
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'throughcare-folders-'));
  });
  afterEach(() => rmSync(root, { recursive: true }));
  const config = () => {
    const text = `site: a
mappings: [m]
sources:
  one: { kind: folder, path: in/one, make: yes }
  two: { kind: folder, path: in/two }
destinations:
  three: { kind: folder, path: out/three, make: yes, mappings: [outbound/x] }
`;
    const { loaded } = parseConfig(join(root, 'throughcare.yaml'), text, { environment: {}, readFile: () => '' });
    if (loaded === undefined) throw new Error('the configuration is sound');
    return loaded.config;
  };

  it('makes those that ask for it, with the folders above them, and no others', async () => {
    await makeFolders(config());
    await makeFolders(config());
    expect(['in/one', 'in/two', 'out/three'].map((path) => existsSync(join(root, path)))).toEqual([true, false, true]);
  });

  it('names the one that cannot be made', async () => {
    writeFileSync(join(root, 'out'), 'a file');
    await expect(makeFolders(config())).rejects.toThrow(/^the folder of three cannot be made: /);
  });
});
