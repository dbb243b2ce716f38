/** Milliseconds a message and observations a message, by stage. */
export type Stages = Readonly<Record<string, { readonly ms: number; readonly times: number }>>;

const LINE = /^throughcare_stage_seconds_(sum|count)\{([^}]*)\}\s+(\S+)/;

/** Sums of the histogram `throughcare_stage_seconds` by its label `stage`, from the text of /metrics. */
function sums(metrics: string): Map<string, { sum: number; count: number }> {
  const found = new Map<string, { sum: number; count: number }>();
  for (const line of metrics.split('\n')) {
    const [, what, labels = '', value] = LINE.exec(line) ?? [];
    const stage = /stage="([^"]*)"/.exec(labels)?.[1];
    if (stage === undefined || (what !== 'sum' && what !== 'count')) continue;
    const entry = found.get(stage) ?? { sum: 0, count: 0 };
    entry[what] += Number(value);
    found.set(stage, entry);
  }
  return found;
}

/** What passed between two looks at /metrics, over that many messages. */
export function stagesBetween(before: string, after: string, messages: number): Stages {
  const earlier = sums(before);
  const stages: Record<string, { ms: number; times: number }> = {};
  for (const [stage, { sum, count }] of sums(after)) {
    const from = earlier.get(stage) ?? { sum: 0, count: 0 };
    stages[stage] = { ms: ((sum - from.sum) * 1_000) / messages, times: (count - from.count) / messages };
  }
  return stages;
}
