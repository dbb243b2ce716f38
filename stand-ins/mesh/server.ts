import { hostname, networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { MAX_CHUNK_BYTES } from '../../formats/mesh/headers.ts';
import { Authorizer } from './authorize.ts';
import { MeshClock } from './clock.ts';
import { Faults } from './faults.ts';
import type { MeshServer } from './handle.ts';
import { FileKeeper, forgetful } from './keeper.ts';
import { closeServer, listenOn, makeServer } from './listen.ts';
import { Mailboxes } from './mailboxes.ts';
import { DAY, DEFAULT_REPORTS, DEFAULT_STRICTNESS, type MeshServerOptions, ROUTED_WORKFLOWS } from './options.ts';
import { PatientRegister } from './patient-register.ts';
import { PostOffice } from './post-office.ts';
import { RateLimit } from './rate-limit.ts';
import { Reception } from './reception.ts';
import { RequestLog } from './request-log.ts';
import { RunningServer } from './running-server.ts';
import type { Service } from './service.ts';
import { Spool } from './spool.ts';
import { tlsMaterial } from './tls-material.ts';

const DEFAULT_SHARED_KEY = 'TestKey';
const HOST = '127.0.0.1';
const REQUESTS_KEPT = 10_000;

/** Two mailboxes that may send one another anything, when none are configured. */
const EXAMPLE_MAILBOXES = [
  { id: 'X26HC005', password: 'password', name: 'Example establishment', odsCode: 'X26' },
  { id: 'X26HC006', password: 'password', name: 'Example practice', odsCode: 'A83002' },
];

/** What clients may call it: on an address that others reach, also by the names and addresses of this machine. */
const namesOf = (host: string): readonly string[] => {
  const own = [host, 'localhost', HOST];
  if (host === HOST || host === 'localhost' || host === '::1') return [...new Set(own)];
  const addresses = Object.values(networkInterfaces()).flatMap((entries) => (entries ?? []).map(({ address }) => address));
  return [...new Set([...own, hostname(), ...addresses.filter((address) => !address.includes('%'))])];
};

/** Starts a stand-in MESH server. Rejects where the port is taken. */
export const startMeshServer = async (options: MeshServerOptions = {}): Promise<MeshServer> => {
  const { host = HOST, data } = options;
  const clock = new MeshClock(options.clock);
  const now = (): number => clock.now();
  const mailboxes = new Mailboxes(options.mailboxes ?? EXAMPLE_MAILBOXES);
  const kept = data === undefined ? undefined : join(data, 'messages');
  const spool = new Spool(kept);
  const keeper = kept === undefined ? undefined : new FileKeeper(kept, spool);
  const expiry = options.expiry ?? 5 * DAY;
  const office = new PostOffice({
    mailboxes,
    register: new PatientRegister(options.patients ?? [], options.routing?.birthDate ?? 'YYYYMMDD'),
    settings: { expiry, retention: options.retention ?? 30 * DAY, routingDelay: options.routing?.delay ?? 0 },
    now,
    keeper: keeper ?? forgetful,
  });
  for (const message of (await keeper?.load()) ?? []) office.restore(message);

  const strict = { ...DEFAULT_STRICTNESS, ...options.strict };
  const service: Service = {
    mailboxes,
    office,
    spool,
    strict,
    reports: { ...DEFAULT_REPORTS, ...options.reports },
    routedWorkflows: options.routing?.workflows ?? ROUTED_WORKFLOWS,
    maxBodyBytes: options.maxBodyBytes ?? MAX_CHUNK_BYTES,
    gzipDownloads: options.gzipDownloads ?? true,
    expiry,
    now,
  };
  const sharedKey = options.sharedKey ?? DEFAULT_SHARED_KEY;
  const authorizer = new Authorizer(mailboxes, sharedKey, strict);
  const faults = new Faults();
  const log = new RequestLog(options.requestsKept ?? REQUESTS_KEPT);
  const problems: unknown[] = [];
  const reception = new Reception({
    service,
    authorizer,
    faults,
    log,
    rateLimit: options.rateLimit === undefined ? undefined : new RateLimit(options.rateLimit),
    failed: (error) => void problems.push(error),
  });

  const tls = options.tls === false ? undefined : await tlsMaterial(namesOf(host), data === undefined ? undefined : join(data, 'tls'));
  const server = makeServer(tls, (request, response) => void reception.serve(request, response));
  const port = await listenOn(server, options.port ?? 0, host);
  const running = new RunningServer({
    url: `${tls === undefined ? 'http' : 'https'}://${host.includes(':') ? `[${host}]` : host}:${port}`,
    tls,
    sharedKey,
    clock,
    service,
    authorizer,
    faults,
    log,
    problems,
    close: async () => {
      await closeServer(server);
      await spool.close();
    },
  });
  if (options.adminPort !== undefined) await running.openAdmin(options.adminPort);
  return running;
};
