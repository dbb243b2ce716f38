import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { siteFile } from '../../../bench/mesh/site.ts';
import { loadConfig } from '../../../config/load.ts';
import { makeKeys, showKeys } from '../../../store/keys.ts';
import { temporaryFolder } from '../../support/temp.ts';

describe('site of the MESH bench', () => {
  it('is a configuration without errors, however many mailboxes it has', async () => {
    const { path: folder, remove } = await temporaryFolder('bench-site');
    try {
      for (const mailboxes of [['BENCH001'], ['BENCH001', 'BENCH002', 'BENCH003']]) {
        const file = join(folder, 'throughcare.yaml');
        const site = {
          folder,
          root: join(__dirname, '../../..'),
          mesh: { url: 'https://127.0.0.1:1', sharedKey: 'key', tls: { ca: 'ca.pem', cert: 'cert.pem', key: 'key.pem' } },
          mailboxes,
          console: 1,
          database: 'postgresql:///x',
          keys: showKeys(makeKeys()).trim().replaceAll('\n', ' '),
          poll: '15s',
        };
        await writeFile(file, siteFile(site), { mode: 0o600 });
        const { loaded, findings } = loadConfig(file, { environment: {} });
        expect(findings.filter(({ severity }) => severity === 'error')).toEqual([]);
        expect([...(loaded?.config.mailboxes.values() ?? [])].map(({ id }) => id)).toEqual(mailboxes);
      }
    } finally {
      await remove();
    }
  });
});
