import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { ROUTES } from '../../stand-ins/mesh/routes.ts';
import { startMeshServer } from '../../stand-ins/mesh/server.ts';
import { parseSettings } from '../../stand-ins/mesh/settings-file.ts';
import { PlainClient } from '../stand-ins/mesh/client.ts';

const page = readFileSync(join(resolve(__dirname, '../..'), 'docs/guides/mesh-server.md'), 'utf8');
const block = (kind: string): string => new RegExp(`^\`\`\`${kind}\n([\\s\\S]*?)^\`\`\`$`, 'm').exec(page)?.[1] ?? '';

describe('the guide to the stand-in MESH server', () => {
  it('shows settings a server starts with', async () => {
    const { options, faults } = parseSettings(block('yaml mesh-server.yaml'), 'guide');
    const server = await startMeshServer({ ...options, tls: false });
    for (const fault of faults) server.inject(fault);
    const sender = new PlainClient(server, 'X26HC005');
    const send = (to: string, workflow: string) => sender.send(to, 'x', { 'mex-workflowid': workflow });
    expect((await send('A83002HC001', 'GPCONNECT_SEND_DOCUMENT')).status).toBe(202);
    expect((await send('A83002HC001', 'OTHER')).body.toString()).toContain('"16"');
    expect((await send('GPPROVIDER_9990000018_19550109_EXAMPLE', 'GPCONNECT_SEND_DOCUMENT')).status).toBe(202);
    await server.clock.advance(30_000);
    expect(await server.messages({ recipient: 'A83002HC001', state: 'accepted' })).toHaveLength(2);
    expect((await sender.get('/inbox')).status).toBe(503);
    expect(server.mailbox('A83003HC001').enabled).toBe(false);
    sender.close();
    await server.close();
  });

  it('signs a token and shakes hands with it as it says', async () => {
    const server = await startMeshServer();
    const asked = block('sh handshake');
    const [, arguments_ = ''] = /\$\(token ([^)]*)\)/.exec(asked) ?? [];
    const authorization = execFileSync('sh', ['-c', `${block('sh token')}\ntoken ${arguments_}`], { encoding: 'utf8' }).trim();
    const headers = Object.fromEntries([...asked.matchAll(/-H '([^:]+): ([^']+)'/g)].map(([, name = '', value = '']) => [name, value]));
    const [, method = '', path = ''] = /-X (\w+) https:\/\/127\.0\.0\.1:8700\/messageexchange(\/\w+)/.exec(asked) ?? [];
    const client = new PlainClient(server, 'X26HC005');
    const reply = await client.ask(path, { method, headers, authorization });
    expect([reply.status, reply.body.length]).toEqual([200, 0]);
    client.close();
    await server.close();
  });

  it('names every route a fault may befall', () => {
    const named = /^Routes: `([^`]+)`/m.exec(page)?.[1]?.split(' ') ?? [];
    expect([...named].sort()).toEqual([...ROUTES].sort());
  });
});
