/** One certificate with its key, PEM. */
export interface Identity {
  readonly cert: string;
  readonly key: string;
}

export interface Authority {
  readonly identity: Identity;
  /** For the server itself: its host names and addresses are in the certificate. */
  issueServer(hosts: readonly string[]): Promise<Identity>;
  /** `days` below zero: it has expired. */
  issueClient(commonName: string, days?: number): Promise<Identity>;
}

const DAY = 86_400_000;
const YEAR = 365;
const CURVE = { keyType: 'ec', curve: 'P-256', algorithm: 'sha256' } as const;
const named = (commonName: string) => [{ name: 'commonName', value: commonName }];

const validity = (days: number) => {
  const now = Date.now();
  return { notBeforeDate: new Date(now - Math.max(2, 2 - days) * DAY), notAfterDate: new Date(now + days * DAY) };
};

const isAddress = (host: string): boolean => /^\d+(?:\.\d+){3}$/.test(host) || host.includes(':');

const selfMade = async (generate: typeof import('selfsigned').generate): Promise<Identity> => {
  const { cert, private: key } = await generate(named('Stand-in MESH authority'), {
    ...CURVE,
    ...validity(10 * YEAR),
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
    ],
  });
  return { cert, key };
};

/** A private authority like the service's own. `identity`: one made earlier. The package is loaded when it is needed: it is slow to load. */
export const makeAuthority = async (identity?: Identity): Promise<Authority> => {
  const { generate } = await import('selfsigned');
  const made = identity ?? (await selfMade(generate));
  return {
    identity: made,
    issueServer: async (hosts) => {
      const { cert, private: key } = await generate(named(hosts[0] ?? 'localhost'), {
        ...CURVE,
        ...validity(3 * YEAR),
        ca: made,
        extensions: [
          { name: 'extKeyUsage', serverAuth: true },
          { name: 'subjectAltName', altNames: hosts.map((host) => (isAddress(host) ? { type: 7, ip: host } : { type: 2, value: host })) },
        ],
      });
      return { cert, key };
    },
    issueClient: async (commonName, days = 3 * YEAR) => {
      const { cert, private: key } = await generate(named(commonName), {
        ...CURVE,
        ...validity(days),
        ca: made,
        extensions: [{ name: 'extKeyUsage', clientAuth: true }],
      });
      return { cert, key };
    },
  };
};
