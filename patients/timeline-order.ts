import type { CustodyEventType } from '../records/mapped.ts';
import type { CustodyEvent } from './custody-event.ts';

const DAY = 86_400_000;

/** An event with the span of time it may lie in, in ms: one instant, or a whole day (UTC) where only the date is known. */
export interface Timed {
  readonly event: CustodyEvent;
  readonly start: number;
  readonly end: number;
}

/** Nothing for a text that is no time. */
export const spanOf = (text: string | null): { readonly start: number; readonly end: number } | undefined => {
  if (text === null) return undefined;
  const start = Date.parse(text);
  if (Number.isNaN(start)) return undefined;
  return { start, end: text.length <= 10 ? start + DAY - 1 : start };
};

/** Which events an undo takes back. */
const UNDOES: Readonly<Partial<Record<CustodyEventType, readonly CustodyEventType[]>>> = {
  undoReception: ['reception'],
  undoTransfer: ['transfer'],
  undoRelease: ['release'],
  undoCourt: ['courtOut', 'courtReturn'],
};
export const isUndo = (event: CustodyEventType): boolean => UNDOES[event] !== undefined;

const timed = (event: CustodyEvent): Timed | undefined => {
  const span = spanOf(event.at) ?? spanOf(event.statedAt);
  return span === undefined ? undefined : { event, start: span.start, end: span.end };
};
const byId = (a: Timed, b: Timed): number => (a.event.id < b.event.id ? -1 : a.event.id > b.event.id ? 1 : 0);

export interface Standing {
  /** Events that count, by start of their span. */
  readonly events: readonly Timed[];
  /** Undo → what it takes back, by id. */
  readonly undone: ReadonlyMap<string, string>;
  /** Undos that find nothing to take back: their original has not been heard of yet. */
  readonly pending: readonly string[];
}

const NOTHING_UNDONE: ReadonlyMap<string, string> = new Map();

/**
 * Takes back what the undo events name: the event at the undo's `at` if it states one, else the latest of its type on the booking. Only an
 * event stated no later than the undo can be meant, so the answer is the same whatever order the news arrived in.
 */
export const standingEvents = (events: readonly CustodyEvent[]): Standing => {
  const moves: Timed[] = [];
  const undos: Timed[] = [];
  for (const event of events) {
    if (isUndo(event.event)) {
      const one = timed({ ...event, at: null });
      if (one !== undefined) undos.push({ ...one, event });
    } else {
      const one = timed(event);
      if (one !== undefined) moves.push(one);
    }
  }
  moves.sort((a, b) => a.start - b.start || byId(a, b));
  if (undos.length === 0) return { events: moves, undone: NOTHING_UNDONE, pending: [] };
  undos.sort((a, b) => a.start - b.start || byId(a, b));
  const undone = new Map<string, string>();
  const pending: string[] = [];
  const gone = new Set<string>();
  for (const undo of undos) {
    const types = UNDOES[undo.event.event] ?? [];
    const at = spanOf(undo.event.at);
    const target = moves.findLast(
      (move) =>
        types.includes(move.event.event) &&
        move.event.booking === undo.event.booking &&
        move.event.system === undo.event.system &&
        !gone.has(move.event.id) &&
        (spanOf(move.event.statedAt)?.start ?? 0) <= undo.end &&
        (at === undefined ? move.start <= undo.end : move.start <= at.end && move.end >= at.start),
    );
    if (target === undefined) pending.push(undo.event.id);
    else {
      undone.set(undo.event.id, target.event.id);
      gone.add(target.event.id);
    }
  }
  return { events: moves.filter((move) => !gone.has(move.event.id)), undone, pending };
};

const RANK: Readonly<Partial<Record<CustodyEventType, number>>> = {
  courtReturn: 0,
  transfer: 1,
  courtOut: 2,
  release: 3,
  reception: 4,
  detail: 5,
};
const rank = (one: Timed): number => RANK[one.event.event] ?? 9;

/**
 * Hands the events to `take` in the order they happened. Where times do not tell (equal, or only the day is known) the next is the one that
 * fits what has happened so far; never the order of arrival.
 */
export const inOrder = (events: readonly Timed[], fits: (event: CustodyEvent) => boolean, take: (event: Timed) => void): void => {
  const rest = [...events];
  for (;;) {
    const [first, second] = rest;
    if (first === undefined) return;
    // Nearly always one is clearly the next.
    if (second === undefined || second.start > first.end) {
      rest.shift();
      take(first);
      continue;
    }
    let earliestEnd = Number.POSITIVE_INFINITY;
    let open = 0;
    for (const one of rest) {
      if (one.start > earliestEnd) break;
      earliestEnd = Math.min(earliestEnd, one.end);
      open += 1;
    }
    const choices = rest.slice(0, open);
    let next = choices[0];
    if (choices.length > 1) {
      const fitting = choices.filter((one) => fits(one.event));
      [next] =
        fitting.length > 0
          ? fitting.sort((a, b) => rank(a) - rank(b) || a.start - b.start || byId(a, b))
          : choices.sort((a, b) => a.start - b.start || rank(a) - rank(b) || byId(a, b));
    }
    if (next === undefined) return;
    rest.splice(rest.indexOf(next), 1);
    take(next);
  }
};
