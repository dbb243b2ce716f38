import { X509Certificate } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { performance } from 'node:perf_hooks';
import { createSecureContext, type SecureContext } from 'node:tls';
import type { ClientTls } from '../../config/types.ts';
import type { Telemetry } from '../../records/telemetry.ts';
import { Condition, errnoOf } from '../condition.ts';
import { tlsMaterial } from '../mllp/tls-material.ts';

/** What a connection is made with. A new edition: the files have changed, and older connections are let go. */
export interface TlsEdition {
  readonly number: number;
  readonly context: SecureContext;
}

const DAY = 86_400_000;
/** Least pause between looks at whether the files have changed. */
const RECHECK = 10_000;

const certificatesIn = (pem: string): X509Certificate[] =>
  (pem.match(/-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g) ?? []).map((one) => new X509Certificate(one));

/** Days until the first of those that still hold runs out; where none holds, days since the last did, below zero. */
const daysLeft = (certificates: readonly X509Certificate[], now: number): number => {
  const days = certificates.map((one) => (Date.parse(one.validTo) - now) / DAY);
  const valid = days.filter((left) => left > 0);
  // A bundle of an environment keeps old authorities beside the new ones; those that have ended say nothing.
  return valid.length > 0 ? Math.min(...valid) : Math.max(...days);
};

/** The TLS files of a mailbox, read again when they change: a renewed certificate needs no restart. */
export class TlsFiles {
  readonly #settings: ClientTls;
  readonly #telemetry: Telemetry;
  readonly #labels: Readonly<Record<string, string>>;
  readonly #now: () => Date;
  readonly #recheck: number;
  readonly #unreadable: Condition;
  #edition: TlsEdition | null = null;
  #seen = '';
  #looked = Number.NEGATIVE_INFINITY;
  #looking: Promise<TlsEdition> | null = null;
  #certificates: { readonly client: X509Certificate[]; readonly ca: X509Certificate[] } = { client: [], ca: [] };

  constructor(settings: ClientTls, telemetry: Telemetry, mailbox: string, now: () => Date, recheck = RECHECK) {
    this.#settings = settings;
    this.#telemetry = telemetry;
    this.#labels = { mailbox };
    this.#now = now;
    this.#recheck = recheck;
    this.#unreadable = new Condition(telemetry, 'mailbox.tls-files', { mailbox });
  }

  /** Rejects only where the files were never read; ones that are half replaced leave the former edition in force. */
  async current(): Promise<TlsEdition> {
    if (this.#edition !== null && performance.now() - this.#looked < this.#recheck) return this.#edition;
    this.#looking ??= this.#look().finally(() => {
      this.#looking = null;
    });
    return this.#looking;
  }

  async #look(): Promise<TlsEdition> {
    let edition = this.#edition;
    try {
      const seen = await this.#stamp();
      if (edition === null || seen !== this.#seen) {
        edition = await this.#read((edition?.number ?? 0) + 1);
        this.#edition = edition;
        this.#seen = seen;
      }
      this.#unreadable.clear();
    } catch (error) {
      this.#unreadable.raise('tls-files', { cause: errnoOf(error) });
      if (edition === null) throw error;
    }
    this.#looked = performance.now();
    this.#tell();
    return edition;
  }

  async #read(number: number): Promise<TlsEdition> {
    const { ca, cert, key } = await tlsMaterial(this.#settings);
    const context = createSecureContext({
      minVersion: 'TLSv1.2',
      ...(ca === undefined ? {} : { ca }),
      ...(cert === undefined ? {} : { cert }),
      ...(key === undefined ? {} : { key }),
    });
    this.#certificates = { client: certificatesIn(cert ?? '').slice(0, 1), ca: certificatesIn((ca ?? []).join('\n')) };
    return { number, context };
  }

  /** Size and time of each file; a text that is PEM itself never changes. */
  async #stamp(): Promise<string> {
    const files = [this.#settings.ca, this.#settings.cert, this.#settings.key].filter(
      (one) => one !== undefined && !one.includes('-----BEGIN'),
    );
    const stamps = await Promise.all(files.map((file) => stat(file ?? '')));
    return stamps.map(({ mtimeMs, size, ino }) => `${mtimeMs}/${size}/${ino}`).join(' ');
  }

  #tell(): void {
    const now = this.#now().getTime();
    for (const [what, certificates] of Object.entries(this.#certificates))
      if (certificates.length > 0)
        this.#telemetry.gauge('mailbox_certificate_days', daysLeft(certificates, now), { ...this.#labels, what });
  }
}
