import { mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ConnectionTarget } from '../../store/pool.ts';

/**
 * Stands between the product and PostgreSQL and does what networks do.
 * `forward`; `cut-replies`: requests arrive, and at the first answer the connection is dropped instead of passed on;
 * `swallow`: requests arrive, answers never do; `refuse`: new connections are dropped at once.
 */
export type ProxyMode = 'forward' | 'cut-replies' | 'swallow' | 'refuse';

export interface StoreProxy {
  readonly target: ConnectionTarget;
  mode: ProxyMode;
  /** Answers dropped so far. */
  cuts(): number;
  /** Back to `forward` after so many cuts. */
  limit: number;
  /** Drops every open connection. */
  drop(): void;
  close(): Promise<void>;
}

export const storeProxy = async (target: ConnectionTarget): Promise<StoreProxy> => {
  if ('url' in target) throw new Error('the proxy stands before a socket');
  const folder = await mkdtemp(join(tmpdir(), 'throughcare-proxy-'));
  const open = new Set<Socket>();
  let cuts = 0;
  const server: Server = createServer((client) => {
    if (proxy.mode === 'refuse') {
      client.destroy();
      return;
    }
    const upstream = connect(join(target.socketDirectory, `.s.PGSQL.${target.port}`));
    open.add(client);
    client.on('data', (bytes) => upstream.write(bytes));
    upstream.on('data', (bytes) => {
      if (proxy.mode === 'swallow') return;
      if (proxy.mode === 'cut-replies') {
        cuts += 1;
        if (cuts >= proxy.limit) proxy.mode = 'forward';
        client.destroy();
        return;
      }
      client.write(bytes);
    });
    for (const [one, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      one.on('error', () => {});
      one.on('close', () => {
        open.delete(client);
        other.destroy();
      });
    }
  });
  await new Promise<void>((resolve) => {
    server.listen(join(folder, `.s.PGSQL.${target.port}`), resolve);
  });
  const proxy: StoreProxy = {
    target: { ...target, socketDirectory: folder },
    mode: 'forward',
    limit: Number.POSITIVE_INFINITY,
    cuts: () => cuts,
    drop: () => {
      for (const socket of open) socket.destroy();
    },
    close: async () => {
      proxy.drop();
      await new Promise((resolve) => {
        server.close(resolve);
      });
      await rm(folder, { recursive: true, force: true });
    },
  };
  return proxy;
};
