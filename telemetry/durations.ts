import { Histogram, type Registry } from 'prom-client';

/** Seconds. Most of what is measured takes between half a millisecond and a second; the tail reaches the send deadline. */
export const BUCKETS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

type Labels = Readonly<Record<string, string>>;
type Values = Awaited<ReturnType<Histogram['get']>>;

/** One series: a number a bucket. Observing is a search among sixteen numbers and three additions. */
export class Durations {
  readonly counts = new Float64Array(BUCKETS.length + 1);
  sum = 0;

  observe(seconds: number): void {
    let at = 0;
    while (at < BUCKETS.length && seconds > (BUCKETS[at] ?? 0)) at += 1;
    this.counts[at] = (this.counts[at] ?? 0) + 1;
    this.sum += seconds;
  }
}

/** Shows series of `Durations` as a Prometheus histogram. The library's own observing hashes its labels anew at every call. */
export class DurationHistogram extends Histogram {
  /** Gives name, help and type in the library's own form. */
  readonly #blank: Histogram;
  readonly #series: () => Iterable<{ readonly labels: Labels; readonly cell: Durations }>;

  constructor(
    name: string,
    help: string,
    registry: Registry,
    series: () => Iterable<{ readonly labels: Labels; readonly cell: Durations }>,
  ) {
    super({ name, help, buckets: BUCKETS, registers: [registry] });
    this.#blank = new Histogram({ name, help, registers: [] });
    this.#series = series;
  }

  override async get(): Promise<Values> {
    const metric = await this.#blank.get();
    const values: Values['values'] = [];
    for (const { labels, cell } of this.#series()) {
      let below = 0;
      for (const [index, count] of cell.counts.entries()) {
        below += count;
        values.push({ labels: { le: BUCKETS[index] ?? '+Inf', ...labels }, value: below, metricName: `${metric.name}_bucket` });
      }
      values.push({ labels: { ...labels }, value: cell.sum, metricName: `${metric.name}_sum` });
      values.push({ labels: { ...labels }, value: below, metricName: `${metric.name}_count` });
    }
    return { ...metric, values };
  }

  /** What the registry asks for when it writes text. */
  getForPromString(): Promise<Values> {
    return this.get();
  }
}
