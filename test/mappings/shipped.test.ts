import { loadMappings } from '../../mappings/engine/index.ts';
import { showFinding } from '../../records/issue.ts';
import { shippedFiles } from './shipped-files.ts';

describe('the shipped mappings', () => {
  const loaded = loadMappings(shippedFiles());
  it('have nothing wrong with them', () => {
    expect(loaded.findings.filter((finding) => finding.severity !== 'info').map(showFinding)).toEqual([]);
  });
});
