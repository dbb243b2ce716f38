import { readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { FAULTS } from '../../records/faults.ts';
import { faultsPage } from './faults-page.ts';

const path = resolve(__dirname, '../../docs/faults.md');

describe('docs/faults.md (PUBLISH=1 npx jest test/docs/faults writes it)', () => {
  if (process.env.PUBLISH === '1') writeFileSync(path, faultsPage());
  const page = readFileSync(path, 'utf8');
  const told = [...page.matchAll(/^\| `([a-z0-9-]+)` \|/gm)].map(([, code]) => code);

  it('explains every code there is, and none that is gone', () => {
    expect(told.sort()).toEqual(Object.keys(FAULTS).sort());
  });

  it('says of each what the catalogue says', () => {
    expect(page).toBe(faultsPage());
  });
});
