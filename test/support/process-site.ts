import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { connectionUrl } from '../../store/pool.ts';
import { type TestDatabase, testDatabase } from './database.ts';
import { freePort } from './free-port.ts';
import { type Disposable, temporaryFolder } from './temp.ts';

const ROOT = join(__dirname, '..', '..');

const ORGANISATIONS = `organisations:
  - ods: Y98001
    name: HMP Leeds healthcare
    type: establishment
    agencyCodes: [LEI]
`;

/** Files and a database for a daemon in a process of its own. The test owns every line of its configuration. */
export class ProcessSite {
  readonly db: TestDatabase;
  readonly folder: string;
  readonly console: number;
  readonly config: string;
  readonly #temp: Disposable;

  private constructor(db: TestDatabase, temp: Disposable, console: number) {
    this.db = db;
    this.#temp = temp;
    this.folder = temp.path;
    this.console = console;
    this.config = join(temp.path, 'throughcare.yaml');
  }

  /** `below`: sources, destinations, routes and what else the test wants, in YAML. */
  static async open(below: string): Promise<ProcessSite> {
    const site = new ProcessSite(await testDatabase(), await temporaryFolder('process'), await freePort());
    await mkdir(join(site.folder, 'data'), { recursive: true });
    await writeFile(join(site.folder, 'keys'), site.db.keys);
    await writeFile(join(site.folder, 'directory.yaml'), ORGANISATIONS);
    await mkdir(join(site.folder, 'mappings'));
    for (const name of ['movement-in', 'movement-out']) {
      const text = await readFile(join(ROOT, 'test/faults/site/mappings', `${name}.map.yaml`), 'utf8');
      // For every source, whatever a test calls it.
      await writeFile(join(site.folder, 'mappings', `${name}.map.yaml`), text.replace(/^ {2}source: .*\n/m, ''));
    }
    await site.write(below);
    return site;
  }

  async write(below: string): Promise<void> {
    await writeFile(
      this.config,
      `site: process
environment: test
data: data
store:
  url: ${connectionUrl(this.db.target)}
  keys: \${file:keys}
console:
  listen: 127.0.0.1:${this.console}
log:
  level: info
directory: directory.yaml
mappings:
  - mappings
zone: Europe/London
${below}`,
    );
  }

  async rewrite(edit: (yaml: string) => string): Promise<void> {
    await writeFile(this.config, edit(await readFile(this.config, 'utf8')));
  }

  /** The page of the console, and what /readyz says. */
  async ready(): Promise<{
    readonly status: number;
    readonly checks: Readonly<Record<string, { ready: boolean; code?: string; detail?: string }>>;
  }> {
    const reply = await fetch(`http://127.0.0.1:${this.console}/readyz`);
    // The page is ours; its shape is tested in test/console.
    const body = (await reply.json()) as { checks: Record<string, { ready: boolean; code?: string; detail?: string }> };
    return { status: reply.status, checks: body.checks };
  }

  async close(): Promise<void> {
    await this.db.close();
    await this.#temp.remove();
  }
}
