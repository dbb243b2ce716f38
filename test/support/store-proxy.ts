import { mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ConnectionTarget } from '../../store/pool.ts';

/**
 * Stands between the product and PostgreSQL and does what networks do.
 * `forward`; `cut-replies`: requests arrive, and at the first answer the connection is dropped instead of passed on;
 * `swallow`: requests arrive, answers never do; `hold`: not even requests arrive, connections stay open; `refuse`: new connections are
 * dropped at once.
 */
export type ProxyMode = 'forward' | 'cut-replies' | 'swallow' | 'hold' | 'refuse';

export interface StoreProxy {
  readonly target: ConnectionTarget;
  mode: ProxyMode;
  /** Answers dropped so far. */
  cuts(): number;
  /** Back to `forward` after so many cuts. */
  limit: number;
  /**
   * `hold` from the next time on that the prepared statement of this name is to be run: it does not reach the server. Resolves when it has
   * come; `mode` puts an end to it.
   */
  holdAt(statement: string): Promise<void>;
  /** Drops every open connection. */
  drop(): void;
  close(): Promise<void>;
}

interface Awaited {
  readonly statement: string;
  readonly come: () => void;
}

export const storeProxy = async (target: ConnectionTarget): Promise<StoreProxy> => {
  if ('url' in target) throw new Error('the proxy stands before a socket');
  const folder = await mkdtemp(join(tmpdir(), 'throughcare-proxy-'));
  const open = new Set<Socket>();
  let cuts = 0;
  let awaited: Awaited | undefined;
  const server: Server = createServer((client) => {
    if (proxy.mode === 'refuse') {
      client.destroy();
      return;
    }
    const upstream = connect(join(target.socketDirectory, `.s.PGSQL.${target.port}`));
    open.add(client);
    client.on('data', (bytes) => {
      if (awaited !== undefined && bytes.includes(`\0${awaited.statement}\0`)) {
        proxy.mode = 'hold';
        awaited.come();
        awaited = undefined;
      }
      if (proxy.mode !== 'hold') upstream.write(bytes);
    });
    upstream.on('data', (bytes) => {
      if (proxy.mode === 'swallow' || proxy.mode === 'hold') return;
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
    holdAt: (statement) =>
      new Promise((come) => {
        awaited = { statement, come };
      }),
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
