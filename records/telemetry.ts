/** What the pure and middle rooms may say of themselves; the telemetry room turns it into a log line and a metric. */
export interface Telemetry {
  /** One typed event = one log line and its metrics. Values are ids, codes, counts and durations, never data. */
  event(name: string, facts?: Readonly<Record<string, string | number | boolean | undefined>>): void;
  warn(name: string, facts?: Readonly<Record<string, string | number | boolean | undefined>>): void;
  error(name: string, error: unknown, facts?: Readonly<Record<string, string | number | boolean | undefined>>): void;
  /** Adds to a counter `throughcare_<name>_total`. */
  count(name: string, labels?: Readonly<Record<string, string>>, by?: number): void;
  /** Observes seconds in a histogram `throughcare_<name>_seconds`. */
  observe(name: string, seconds: number, labels?: Readonly<Record<string, string>>): void;
  /** Sets a gauge `throughcare_<name>`. */
  gauge(name: string, value: number, labels?: Readonly<Record<string, string>>): void;
}
export const silent: Telemetry = { event() {}, warn() {}, error() {}, count() {}, observe() {}, gauge() {} };
