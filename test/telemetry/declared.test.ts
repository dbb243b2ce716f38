import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { EVENTS } from '../../telemetry/events.ts';
import { isDeclaredFact } from '../../telemetry/facts.ts';
import { METRICS } from '../../telemetry/metrics.ts';

const root = resolve(__dirname, '../..');
const ROOMS = ['adapters', 'console', 'pipeline', 'queues', 'store', 'main.ts'];

const sources = (path: string): string[] => {
  if (path.endsWith('.ts')) return [path];
  return readdirSync(path, { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory() || entry.name.endsWith('.ts') ? sources(join(path, entry.name)) : [],
  );
};
const text = readdirSync(root)
  .filter((name) => ROOMS.includes(name))
  .flatMap((name) => sources(join(root, name)))
  .map((file) => readFileSync(file, 'utf8'))
  .join('\n');
const names = (call: RegExp): string[] => [...new Set([...text.matchAll(call)].map(([, name = '']) => name))];

describe('what the rooms say of themselves is declared in one place', () => {
  it('every event', () => {
    const said = [...names(/elemetry\??\s*\.(?:event|warn|error)\(\s*'([^']+)'/g), ...names(/new Condition\(\s*[\w.]+,\s*'([^']+)'/g)];
    expect(said.filter((name) => EVENTS[name] === undefined)).toEqual([]);
  });

  it('every metric', () => {
    const kept = [
      ...names(/elemetry\??\s*\.count\(\s*'([^']+)'/g).map((name) => `${name}_total`),
      ...names(/elemetry\??\s*\.observe\(\s*'([^']+)'/g).map((name) => `${name}_seconds`),
      ...names(/elemetry\??\s*\.gauge\(\s*'([^']+)'/g),
    ];
    expect(kept.filter((name) => METRICS[name] === undefined)).toEqual([]);
  });

  it('with labels that are facts, and sentences that end', () => {
    for (const { labels, help } of Object.values(METRICS)) {
      expect(labels.filter((label) => !isDeclaredFact(label))).toEqual([]);
      expect(help).toMatch(/\.$/);
    }
    for (const { means } of Object.values(EVENTS)) expect(means).toMatch(/\.$/);
  });
});
