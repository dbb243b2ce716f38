import type { Telemetry } from '../../../records/telemetry.ts';

type Facts = Readonly<Record<string, string | number | boolean | undefined>>;

/** Telemetry that remembers. */
export class Notebook implements Telemetry {
  readonly events: { readonly name: string; readonly facts: Facts }[] = [];
  readonly warnings: { readonly name: string; readonly facts: Facts }[] = [];
  readonly counts = new Map<string, number>();
  readonly gauges = new Map<string, number>();

  event(name: string, facts: Facts = {}): void {
    this.events.push({ name, facts });
  }
  warn(name: string, facts: Facts = {}): void {
    this.warnings.push({ name, facts });
  }
  error(name: string, _error: unknown, facts: Facts = {}): void {
    this.warnings.push({ name, facts });
  }
  /** Kept as `name{label=value,…}` without the source's or destination's own name. */
  count(name: string, labels: Readonly<Record<string, string>> = {}, by = 1): void {
    const shown = Object.entries(labels).filter(([label]) => label !== 'source' && label !== 'destination');
    const key = shown.length === 0 ? name : `${name}{${shown.map(([label, value]) => `${label}=${value}`).join(',')}}`;
    this.counts.set(key, (this.counts.get(key) ?? 0) + by);
  }
  observe(): void {}
  gauge(name: string, value: number): void {
    this.gauges.set(name, value);
  }
  /** All that was said, for a search after things that must not be said. */
  get everything(): string {
    return JSON.stringify([this.events, this.warnings, [...this.counts], [...this.gauges]]);
  }
}
