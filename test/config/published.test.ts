import { readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import Ajv from 'ajv';
import { parse } from 'yaml';
import { loadConfig } from '../../config/load.ts';
import { configSchema } from '../../config/schema.ts';
import { settingsPage } from '../../config/settings-page.ts';
import { loadDirectory } from '../../directory/load.ts';

const root = resolve(__dirname, '../..');
const inRoot = (path: string): string => resolve(root, path);
const read = (path: string): string => readFileSync(inRoot(path), 'utf8');

describe('what is made from the declarations is fresh (PUBLISH=1 npx jest test/config/published writes it)', () => {
  const publish = (path: string, content: string): void => {
    if (process.env.PUBLISH === '1') writeFileSync(inRoot(path), content);
  };

  it('docs/configuration.md', () => {
    publish('docs/configuration.md', settingsPage());
    expect(read('docs/configuration.md')).toBe(settingsPage());
  });

  it('config/schema/throughcare.schema.json', () => {
    const path = 'config/schema/throughcare.schema.json';
    publish(path, configSchema());
    expect(JSON.parse(read(path))).toEqual(JSON.parse(configSchema()));
  });
});

describe('the shipped configuration', () => {
  const validate = new Ajv({ strict: false }).compile(JSON.parse(configSchema()));

  it('is without a finding', () => {
    expect(loadConfig(inRoot('config/throughcare.yaml'), { environment: {} }).findings).toEqual([]);
  });

  it('has a directory without a finding, whose endpoints are its destinations', () => {
    const destinations = loadConfig(inRoot('config/throughcare.yaml'), { environment: {} }).loaded?.config.destinations;
    const { findings } = loadDirectory('directory.yaml', read('config/directory.yaml'), new Set(destinations?.keys()));
    expect(findings).toEqual([]);
  });

  it('is sound to an editor that knows the schema', () => {
    validate(parse(read('config/throughcare.yaml')));
    expect(validate.errors).toBeNull();
  });

  it('names the schema in its first line', () => {
    expect(read('config/throughcare.yaml').split('\n')[0]).toBe('# yaml-language-server: $schema=schema/throughcare.schema.json');
  });

  it('would be marked by an editor where a name or value is wrong', () => {
    expect(validate({ site: 'a', sorces: {} })).toBe(false);
    expect(validate({ site: 'a', sources: { a: { kind: 'mllp', listen: '127.0.0.1:2575', reused: 'hodl' } } })).toBe(false);
    expect(validate({ site: 'a', sources: { a: { kind: 'mllp', listen: '${env:ADT}', reused: 'hold', maxConnections: 4 } } })).toBe(true);
  });
});
