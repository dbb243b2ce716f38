/** What sources and destinations of several transports share. Durations in ms, sizes in bytes. */

/** What every source does with a message before it answers, whatever the transport. */
export interface ReceiptSettings {
  /** `CODE^TRIGGER`; none = every event is taken and those without a mapping are held. */
  readonly accept: readonly string[];
  /** `CODE^TRIGGER` → why it is not used. */
  readonly ignore: ReadonlyMap<string, string>;
  /** Owner of the record keys; the source's own name where absent. */
  readonly system?: string;
  readonly ack: 'auto' | 'original' | 'enhanced';
  readonly controlId: 'plain' | 'hashed';
  readonly identity: 'message' | 'transport';
  readonly reused: 'hold' | 'accept';
  readonly window: number;
  readonly sender: boolean;
  readonly maxSize: number;
  /** MSH-12 values taken; none = every 2.x. */
  readonly versions: readonly string[];
  /** MSH-11 values taken; none = that of the environment. */
  readonly processingIds: readonly ('P' | 'T' | 'D')[];
  readonly replies?: string;
  /** This source traces its NHS numbers: one without a status counts as verified. */
  readonly trustsNhsNumbers: boolean;
}

export interface ServerTls {
  readonly cert: string;
  readonly key: string;
  readonly ca?: string;
  readonly requireClientCertificate: boolean;
}

export interface ClientTls {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly servername?: string;
}

export interface Retry {
  readonly first: number;
  readonly most: number;
  readonly factor: number;
}

/** What every destination has, whatever the transport. */
export interface SendSettings {
  /** Names of outbound mappings; exactly one must match a record and action. */
  readonly mappings: readonly string[];
  readonly advance: 'handed-over' | 'confirmed';
  readonly retry: Retry;
  readonly breaker: { readonly failures: number; readonly first: number; readonly most: number };
  readonly msh: MshSettings;
}

export interface MshSettings {
  readonly sendingApplication?: string;
  readonly sendingFacility?: string;
  readonly receivingApplication?: string;
  readonly receivingFacility?: string;
}
