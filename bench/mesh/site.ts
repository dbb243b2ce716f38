import { join } from 'node:path';

export const PASSWORD = 'bench-password';
/** The mailbox that the daemon's own sends to. */
export const PEER = 'BENCHPEER';

/** Where the stand-in is, and what a client of it needs. */
export interface MeshFacts {
  readonly url: string;
  readonly sharedKey: string;
  readonly tls: { readonly ca: string; readonly cert: string; readonly key: string };
}

export interface MeshSite {
  readonly folder: string;
  readonly root: string;
  readonly mesh: MeshFacts;
  readonly mailboxes: readonly string[];
  readonly console: number;
  readonly database: string;
  readonly keys: string;
  /** As the configuration writes it. */
  readonly poll: string;
}

/** Where a large message goes, by workflow id. `mesh` is what the recipient has in its mailbox; the others are folders below the site's own. */
export const FORWARDS = {
  BENCH_MESH: 'mesh',
  BENCH_CLIENT: 'client/IN',
  BENCH_BESIDE: 'beside/OUT',
  BENCH_FOLDER: 'folder',
} as const;
export type Forward = keyof typeof FORWARDS;
/** Small HL7 messages: mapped, and kept by a route. */
export const SMALL = 'BENCH_ADT';

const mailbox = (id: string, { mesh, poll }: MeshSite): string => `  ${id.toLowerCase()}:
    id: ${id}
    url: ${mesh.url}
    password: ${PASSWORD}
    sharedKey: ${mesh.sharedKey}
    tls: { ca: ${mesh.tls.ca}, cert: ${mesh.tls.cert}, key: ${mesh.tls.key} }
    poll: ${poll}
`;

const source = (id: string): string => `  ${id.toLowerCase()}:
    kind: mesh-api
    mailbox: ${id.toLowerCase()}
    system: nomis
    workflows:
      ${SMALL}: { do: process }
      BENCH_MESH: { do: forward, to: by-mesh }
      BENCH_CLIENT: { do: forward, to: as-client }
      BENCH_BESIDE: { do: forward, to: beside-client }
      BENCH_FOLDER: { do: forward, to: by-folder }
`;

const sending = (workflow: Forward): string => `workflow: ${workflow}
    to: { by: mailbox, mailbox: ${PEER} }
    confirmedBy: accepted
`;

/** The configuration of the bench, as an operator would write it. */
export const siteFile = (site: MeshSite): string => {
  const { folder, root, mailboxes, console, database, keys } = site;
  const own = mailboxes[0] ?? '';
  return `site: bench
environment: test
data: ${join(folder, 'data')}
store:
  url: "${database}"
  keys: "${keys}"
queue:
  redis: ""
console:
  listen: 127.0.0.1:${console}
directory: ${join(root, 'bench/site/directory.yaml')}
mappings:
  - ${join(root, 'bench/site/mappings')}
zone: Europe/London
mailboxes:
${mailboxes.map((id) => mailbox(id, site)).join('')}sources:
${mailboxes.map(source).join('')}  client-tells: # of what was put into its OUT
    kind: mesh-folder
    role: beside-client
    path: ${join(folder, 'beside')}
    make: yes
    mailbox: ${own}
destinations:
  far-side: # of the directory; the routes below send nothing there
    kind: folder
    path: ${join(folder, 'far-side')}
    make: yes
    mappings: [bench/movement-out]
  by-mesh:
    kind: mesh-api
    mailbox: ${own.toLowerCase()}
    ${sending('BENCH_MESH')}  as-client:
    kind: mesh-folder
    role: as-client
    path: ${join(folder, 'client')}
    make: yes
    mailbox: ${own}
    ${sending('BENCH_CLIENT')}  beside-client:
    kind: mesh-folder
    role: beside-client
    path: ${join(folder, 'beside')}
    make: yes
    mailbox: ${own}
    ${sending('BENCH_BESIDE')}  by-folder:
    kind: folder
    path: ${join(folder, 'folder')}
    make: yes
routes:
  - name: movements-kept
    when: kind = custody
    file: the establishment that holds the person wrote it
  - name: demographics-kept
    when: kind = patient
    file: demographics travel with the movements
`;
};
