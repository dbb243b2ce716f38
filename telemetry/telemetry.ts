import type { Logger } from 'pino';
import type { Telemetry } from '../records/telemetry.ts';
import { EVENTS } from './events.ts';
import { type Facts, safeFacts } from './facts.ts';
import { describeFailure } from './failure.ts';
import { type LogLevel, type LogOptions, openLog, setLogLevel } from './log.ts';
import { type Cell, MetricBook } from './metric-book.ts';

export interface TelemetryOptions {
  readonly log: LogOptions;
  /** Also keep the metrics of the process itself: memory, CPU, event loop. */
  readonly process?: boolean;
}

/** The telemetry of one daemon. `metrics` is read by the console; a hot path may hold a cell of it and add to it directly. */
export class DaemonTelemetry implements Telemetry {
  readonly metrics: MetricBook;
  readonly #log: Logger;
  readonly #counted = new Map<string, Cell>();

  constructor(options: TelemetryOptions) {
    this.metrics = new MetricBook({ process: options.process ?? false });
    this.#log = openLog(options.log);
  }

  event(name: string, facts?: Facts): void {
    this.#tally('info', name).value += 1;
    const level = EVENTS[name]?.level ?? 'info';
    if (!this.#log.isLevelEnabled(level)) return;
    this.#log[level](safeFacts(facts), name);
  }

  warn(name: string, facts?: Facts): void {
    this.#tally('warn', name).value += 1;
    if (this.#log.isLevelEnabled('warn')) this.#log.warn(safeFacts(facts), name);
  }

  error(name: string, error: unknown, facts?: Facts): void {
    this.#tally('error', name).value += 1;
    if (this.#log.isLevelEnabled('error')) this.#log.error({ ...safeFacts(facts), error: describeFailure(error) }, name);
  }

  count(name: string, labels?: Readonly<Record<string, string>>, by = 1): void {
    this.metrics.counter(name, labels).value += by;
  }

  observe(name: string, seconds: number, labels?: Readonly<Record<string, string>>): void {
    this.metrics.histogram(name, labels).observe(seconds);
  }

  gauge(name: string, value: number, labels?: Readonly<Record<string, string>>): void {
    this.metrics.gauge(name, labels).value = value;
  }

  setLevel(level: LogLevel): void {
    setLogLevel(this.#log, level);
  }

  #tally(severity: 'info' | 'warn' | 'error', event: string): Cell {
    const key = severity + event;
    let cell = this.#counted.get(key);
    if (cell === undefined) {
      cell = this.metrics.counter('events', { event, severity });
      this.#counted.set(key, cell);
    }
    return cell;
  }
}

/** Opens the log and the metrics. */
export const openTelemetry = (options: TelemetryOptions): DaemonTelemetry => new DaemonTelemetry(options);
