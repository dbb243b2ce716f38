import type { Database } from '../../../store/pool.ts';
import type { FarSide } from './far-side.ts';

export interface Report {
  readonly seed: number;
  readonly operations: number;
  /** What was done, and what happened. */
  readonly counts: Readonly<Record<string, number>>;
  /** All must be 0. */
  readonly violations: Readonly<
    Record<
      'overlap' | 'order' | 'token' | 'double' | 'mergeOrder' | 'personOrder' | 'lost' | 'stranded' | 'deadlock' | 'dangling' | 'faults',
      number
    >
  >;
  /** Errors the daemons met while nothing was supposed to fail them. */
  readonly troubles: readonly string[];
  /** Histories of the lanes that broke a rule. */
  readonly histories: readonly string[];
}

interface Parts {
  readonly database: Database;
  readonly side: FarSide;
  readonly counts: Readonly<Record<string, number>>;
  readonly troubles: readonly string[];
  readonly operations: number;
  readonly seed: number;
}

interface DeliveryState {
  readonly id: number;
  readonly lane: number;
  readonly key: string;
  readonly state: number;
}

const SHOWN = 5;

/** A lane that waited behind another must not have sent before that one had ended for good. */
const mergeOrder = async ({ database, side }: Parts): Promise<{ lane: number; text: string }[]> => {
  const links = await database.query<{ before: number; after: number }>(
    'select before_lane as before, after_lane as after from link_history',
  );
  const [first, last] = [new Map<number, number>(), new Map<number, number>()];
  side.events.forEach(({ what, lane }, at) => {
    if (what !== 'start') return;
    if (!first.has(lane)) first.set(lane, at);
    last.set(lane, at);
  });
  return links
    .filter(({ before, after }) => (first.get(after) ?? Number.POSITIVE_INFINITY) < (last.get(before) ?? -1))
    .map(({ before, after }) => ({ lane: after, text: `began before lane ${before} had ended` }));
};

/** What was filed for one person and one destination leaves in that order, across merges and back: judged without asking how lanes are linked. */
const personOrder = async ({ database, side }: Parts): Promise<{ lane: number; text: string }[]> => {
  const rows = await database.query<{ id: number; lane: number; stream: string }>(
    `select id, lane_id as lane, destination_id || ' ' || route as stream from delivery order by id`,
  );
  const [first, last] = [new Map<number, number>(), new Map<number, number>()];
  side.events.forEach(({ what, delivery }, at) => {
    if (what !== 'start') return;
    if (!first.has(delivery)) first.set(delivery, at);
    last.set(delivery, at);
  });
  const before = new Map<string, { readonly id: number; readonly at: number }>();
  const broken: { lane: number; text: string }[] = [];
  for (const { id, lane, stream } of rows) {
    const [began, ended] = [first.get(id), last.get(id)];
    if (began === undefined || ended === undefined) continue;
    const earlier = before.get(stream);
    if (earlier !== undefined && began < earlier.at)
      broken.push({ lane, text: `delivery ${id} left before ${earlier.id} had left for good` });
    if (earlier === undefined || ended > earlier.at) before.set(stream, { id, at: ended });
  }
  return broken;
};

/** One line an event, with what the store says of the lane and its deliveries at the end. */
const history = async ({ database, side }: Parts, lane: number, text: string): Promise<string> => {
  const [row] = await database.query('select * from lane where id = $1', [lane]);
  const deliveries = await database.query(
    'select id, state, withdrawn, sent_first, done, receipt_code from delivery where lane_id = $1 order by id',
    [lane],
  );
  const attempts = await database.query(
    `select a.at, a.delivery_id, a.token, a.daemon_id, a.outcome, a.code from attempt a join delivery d on d.id = a.delivery_id where d.lane_id = $1 order by a.id`,
    [lane],
  );
  const links = await database.query('select * from link_history where before_lane = $1 or after_lane = $1', [lane]);
  const events = side.events
    .filter((event) => event.lane === lane)
    .map((e) => `  ${e.what} delivery ${e.delivery} token ${e.token} child ${e.child} ${e.outcome ?? ''}`);
  const lines = (rows: readonly object[]): string[] => rows.map((one) => `  ${JSON.stringify(one)}`);
  return [
    `lane ${lane}: ${text}`,
    `  ${JSON.stringify(row)}`,
    'links:',
    ...lines(links),
    'far side:',
    ...events,
    'deliveries:',
    ...lines(deliveries),
    'attempts:',
    ...lines(attempts),
  ].join('\n');
};

export const report = async (parts: Parts): Promise<Report> => {
  const { database, side, counts, troubles, operations, seed } = parts;
  const deliveries = await database.query<DeliveryState>('select id, lane_id as lane, transport_key as key, state from delivery');
  const lost = deliveries.filter((d) => (d.state === 1 || d.state === 2) && !side.taken.has(d.key));
  const stranded = deliveries.filter((d) => d.state === 0);
  // A person who releases an unresolved head decides that it goes out again.
  const released = new Set(
    (
      await database.query<{ id: number }>(
        "select distinct split_part(subject, ' ', 2)::int8 as id from audit where action = 'delivery release'",
      )
    ).map((row) => row.id),
  );
  const violations = side.violations.filter((violation) => violation.kind !== 'double' || !released.has(violation.delivery));
  const merges = await mergeOrder(parts);
  const persons = await personOrder(parts);
  const faults = await database.query<{ lane: number; fault: string }>('select lane, fault from lane_faults()');
  const dangling = await database.query('select 1 from lane_link');
  const links = await database.query('select 1 from link_history');
  const found = [
    ...violations.map(({ lane, kind, text }) => ({ lane, text: `${kind}: ${text}` })),
    ...merges,
    ...persons,
    ...lost.map((d) => ({ lane: d.lane, text: `delivery ${d.id} counts as sent, but never arrived` })),
    ...stranded.map((d) => ({ lane: d.lane, text: `delivery ${d.id} was left waiting` })),
    ...faults.map(({ lane, fault }) => ({ lane, text: `lane fault ${fault}` })),
  ];
  const lanes = new Map(found.map((one) => [one.lane, one]));
  const kinds = (kind: string): number => violations.filter((violation) => violation.kind === kind).length;
  return {
    seed,
    operations,
    counts: { ...counts, ...side.counts, deliveries: deliveries.length, links: links.length },
    violations: {
      overlap: kinds('overlap'),
      order: kinds('order'),
      token: kinds('token'),
      double: kinds('double'),
      mergeOrder: merges.length,
      personOrder: persons.length,
      lost: lost.length,
      stranded: stranded.length,
      deadlock: counts.deadlock ?? 0,
      dangling: dangling.length,
      faults: faults.length,
    },
    troubles,
    histories: await Promise.all([...lanes.values()].slice(0, SHOWN).map(({ lane, text }) => history(parts, lane, text))),
  };
};
