import { message, PATIENTS } from '../../bench/messages.ts';
import type { Chance } from '../support/seed.ts';

/** One message of the feed, sent under the same control id and with the same bytes until it is acknowledged. */
export interface Sent {
  readonly controlId: string;
  /** Prison number; known again at every receiver. */
  readonly patient: string;
  /** 0, 1, 2 … of this patient; known again at every receiver. */
  readonly step: number;
  readonly bytes: Buffer;
  /** A value its mapping requires is missing: it is held, and nothing is delivered. */
  readonly broken: boolean;
  /** Milliseconds since 1970 of the positive answer. */
  acknowledged: number | undefined;
  /** Times it was written to a socket. */
  tries: number;
}

/** Prison number of a patient of the feed, as bench/messages.ts gives it. */
export const prisonNumber = (text: string): string => /A\d{4}BC/.exec(text)?.[0] ?? '';

/** One in so many messages is broken, never the first about a patient. */
const BROKEN = 12;
/** Early, so that a run on a slow machine has some too. */
const FIRST_BROKEN = 2;

/**
 * What one sender has to say: patients of its own, so that each patient's messages are acknowledged one before the next is sent,
 * and that order must be seen at every receiver.
 */
export class Feed {
  readonly sent: Sent[] = [];
  readonly #chance: Chance;
  readonly #name: string;
  readonly #patients: readonly number[];
  readonly #steps = new Map<number, number>();
  #later = 0;

  constructor(chance: Chance, name: string, patients: readonly number[]) {
    this.#chance = chance;
    this.#name = name;
    this.#patients = patients;
  }

  /** The next message of a patient drawn by chance. */
  next(patient = this.#chance.pick(this.#patients)): Sent {
    const step = this.#steps.get(patient) ?? 0;
    this.#steps.set(patient, step + 1);
    const controlId = `${this.#name}-${this.sent.length + 1}`;
    if (step > 0) this.#later += 1;
    const broken = step > 0 && this.#later % BROKEN === FIRST_BROKEN;
    const whole = message({ event: step === 0 ? 'A01' : 'A08', patient, controlId, step });
    // Without its booking number the mapping cannot say which stay it is about.
    const text = broken ? whole.replace(/\|B\d+\^\^\^NOMIS\|/, '||') : whole;
    const sent = { controlId, patient: prisonNumber(text), step, bytes: Buffer.from(text), broken, acknowledged: undefined, tries: 0 };
    this.sent.push(sent);
    return sent;
  }
}

/** Feeds of `senders` senders over `patients` patients, each patient with one sender; and a patient that none of them has. */
export function makeFeeds(
  chance: Chance,
  senders: number,
  patients: number,
): { readonly feeds: readonly Feed[]; readonly stranger: number } {
  if (patients >= PATIENTS) throw new RangeError(`at most ${PATIENTS - 1} patients`);
  const all = Array.from({ length: patients }, (_, patient) => patient);
  const feeds = Array.from({ length: senders }, (_, sender) => {
    const own = all.filter((patient) => patient % senders === sender);
    return new Feed(chance.fork(`feed ${sender}`), `S${sender}`, own);
  });
  return { feeds, stranger: patients };
}
