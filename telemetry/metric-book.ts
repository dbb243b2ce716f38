import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import { DurationHistogram, Durations } from './durations.ts';
import { isDeclaredFact, safeFact } from './facts.ts';
import { METRICS, type MetricDeclaration } from './metrics.ts';

/** Most label sets of one metric; what comes later is added up under `other`, so a mistake cannot flood the scraper. */
export const MOST_SERIES = 500;

type Labels = Readonly<Record<string, string>>;
const none: Labels = {};
/** Key of the series that gathers the rest; no label value can be it. */
const OTHER = '\u0001';

/** One series of a counter or gauge: a number to add to, read at the scrape. */
export interface Cell {
  value: number;
}
interface Family<C> {
  readonly labelNames: readonly string[];
  readonly cells: Map<string, { readonly labels: Labels; readonly cell: C }>;
  readonly make: () => C;
}

const metricName = (name: string): string => name.replace(/[^A-Za-z0-9]+/g, '_').toLowerCase();

/**
 * The metrics of one daemon. Labels are declared (metrics.ts) or, for a metric not declared there, those declared facts its first
 * use names; a label value is redacted like a fact. Adding to a counter costs a look-up and an addition.
 */
export class MetricBook {
  readonly registry = new Registry();
  readonly #counters = new Map<string, Family<Cell>>();
  readonly #gauges = new Map<string, Family<Cell>>();
  readonly #histograms = new Map<string, Family<Durations>>();

  constructor(options: { readonly process?: boolean } = {}) {
    if (options.process === true) collectDefaultMetrics({ register: this.registry, prefix: 'throughcare_' });
  }

  counter(name: string, labels: Labels = none): Cell {
    return this.#cell(this.#counters.get(name) ?? this.#counterFamily(name, labels), labels);
  }

  gauge(name: string, labels: Labels = none): Cell {
    return this.#cell(this.#gauges.get(name) ?? this.#gaugeFamily(name, labels), labels);
  }

  histogram(name: string, labels: Labels = none): Durations {
    return this.#cell(this.#histograms.get(name) ?? this.#histogramFamily(name, labels), labels);
  }

  /** Prometheus text format. */
  text(): Promise<string> {
    return this.registry.metrics();
  }

  get contentType(): string {
    return this.registry.contentType;
  }

  #cell<C>(family: Family<C>, labels: Labels): C {
    const [first] = family.labelNames;
    let key = first === undefined ? '' : (labels[first] ?? '');
    for (let i = 1; i < family.labelNames.length; i += 1) key += `\u0000${labels[family.labelNames[i] ?? ''] ?? ''}`;
    const found = family.cells.get(key);
    if (found !== undefined) return found.cell;
    const full = family.cells.size >= MOST_SERIES;
    if (full) {
      const other = family.cells.get(OTHER);
      if (other !== undefined) return other.cell;
    }
    const shown: Record<string, string> = {};
    for (const label of family.labelNames) shown[label] = full ? 'other' : String(safeFact(label, labels[label] ?? ''));
    const cell = family.make();
    family.cells.set(full ? OTHER : key, { labels: shown, cell });
    return cell;
  }

  #declared(name: string, suffix: string, labels: Labels): MetricDeclaration {
    return (
      METRICS[`${metricName(name)}${suffix}`] ?? {
        help: `${name.replaceAll(/[._-]/g, ' ')}.`,
        labels: Object.keys(labels).filter(isDeclaredFact),
      }
    );
  }

  #counterFamily(name: string, labels: Labels): Family<Cell> {
    const declared = this.#declared(name, '_total', labels);
    const family: Family<Cell> = { labelNames: declared.labels, cells: new Map(), make: () => ({ value: 0 }) };
    const counter = new Counter({
      name: `throughcare_${metricName(name)}_total`,
      help: declared.help,
      labelNames: [...declared.labels],
      registers: [this.registry],
      collect: () => {
        counter.reset();
        for (const { labels: shown, cell } of family.cells.values()) counter.inc({ ...shown }, cell.value);
      },
    });
    this.#counters.set(name, family);
    return family;
  }

  #gaugeFamily(name: string, labels: Labels): Family<Cell> {
    const declared = this.#declared(name, '', labels);
    const family: Family<Cell> = { labelNames: declared.labels, cells: new Map(), make: () => ({ value: 0 }) };
    const gauge = new Gauge({
      name: `throughcare_${metricName(name)}`,
      help: declared.help,
      labelNames: [...declared.labels],
      registers: [this.registry],
      collect: () => {
        for (const { labels: shown, cell } of family.cells.values()) gauge.set({ ...shown }, cell.value);
      },
    });
    this.#gauges.set(name, family);
    return family;
  }

  #histogramFamily(name: string, labels: Labels): Family<Durations> {
    const declared = this.#declared(name, '_seconds', labels);
    const family: Family<Durations> = { labelNames: declared.labels, cells: new Map(), make: () => new Durations() };
    // It registers itself.
    new DurationHistogram(`throughcare_${metricName(name)}_seconds`, declared.help, this.registry, () => family.cells.values());
    this.#histograms.set(name, family);
    return family;
  }
}
