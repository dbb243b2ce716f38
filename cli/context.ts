import type { LoadedConfig } from '../config/types.ts';
import type { MailboxName } from '../records/ids.ts';
import type { Finding } from '../records/issue.ts';
import type { ExitCode } from './exit.ts';
import type { MeshDesk } from './mesh-desk.ts';
import type { Operations } from './operations.ts';
import type { Sink } from './output.ts';

/** A stand-in MESH server as asked for on the command line; fields as its verb explains them. */
export interface MeshServerAsked {
  readonly host: string;
  readonly port: number;
  readonly adminPort: number;
  readonly settings?: string;
  readonly data?: string;
  readonly tls: boolean;
  readonly speed: number;
  /** Milliseconds its clock goes ahead. */
  readonly offset: number;
}

/** What an engineer needs to talk to it; `tls` names files. */
export interface MeshServerFacts {
  readonly url: string;
  readonly adminUrl: string;
  readonly sharedKey: string;
  readonly tls: { readonly ca: string; readonly cert: string; readonly key: string } | undefined;
  readonly mailboxes: readonly { readonly id: string; readonly password: string }[];
}

/** What the command line is handed by the composition root: it parses, asks and prints; others do. */
export interface CliContext {
  readonly out: Sink;
  readonly err: Sink;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly version: string;
  /** Name of the person at the keyboard, for the audit. */
  readonly user: string;
  /** Opens the store named by a configuration. */
  readonly operations: (loaded: LoadedConfig) => Promise<Operations>;
  /** Directory, mappings and routes of a configuration: everything wrong in them. */
  readonly checkPlan: (loaded: LoadedConfig) => Promise<readonly Finding[]>;
  /** Tries everything a configuration connects to; `tried` is how much there was. */
  readonly checkConnections: (loaded: LoadedConfig) => Promise<{ readonly tried: number; readonly findings: readonly Finding[] }>;
  /** A mailbox of the configuration; connects with its first call. */
  readonly mesh: (loaded: LoadedConfig, mailbox: MailboxName) => Promise<MeshDesk>;
  /** Runs the daemon until it is told to stop. `report` shows what stands in the way of starting. */
  readonly start: (
    loaded: LoadedConfig,
    report: (findings: readonly Finding[]) => void,
    options: { readonly json: boolean },
  ) => Promise<ExitCode>;
  /** `json`: the tale goes to standard error, and how it ended as one object to standard output. */
  readonly demo: (options: { readonly exit: boolean; readonly json: boolean }) => Promise<ExitCode>;
  /** Runs until it is told to stop; `started` is told once how to reach it. */
  readonly meshServer: (asked: MeshServerAsked, started: (facts: MeshServerFacts) => void) => Promise<ExitCode>;
}
