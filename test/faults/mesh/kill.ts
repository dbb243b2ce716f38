import { setTimeout as sleep } from 'node:timers/promises';
import type { Fault, FaultTarget } from '../../../stand-ins/mesh/faults.ts';
import { eventually } from '../../support/eventually.ts';
import { LONG, type MeshSite, mailboxId } from './site.ts';

/** Makes a daemon come to one point and stand still there; resolves when it stands. */
export type Point = (site: MeshSite, mailbox: string, begin: () => Promise<unknown>) => Promise<void>;

type Where = Pick<FaultTarget, 'route' | 'chunk'>;

const hit = (injected: { readonly hits: number }, fault: Fault): Promise<unknown> =>
  eventually(
    () => injected.hits,
    (hits) => hits > 0,
    { within: LONG, every: 2, what: `the request for ${JSON.stringify(fault)}` },
  );

/** Time for what is on its way to arrive: the daemon then stands still, and nothing more comes. */
const ARRIVES = 200;

const at =
  (effect: 'black-hole' | 'silence', where: Where): Point =>
  async ({ mesh }, name, begin) => {
    // All that come: one that is given up and asked for again is not to get further.
    const fault: Fault = { effect, mailbox: mailboxId(name), times: 0, ...where };
    const injected = mesh.inject(fault);
    await begin();
    await hit(injected, fault);
    // Carried out, too, where it is to be.
    if (effect === 'silence') await sleep(ARRIVES);
  };

/** The request is on its way, and the service has not looked at it. */
export const asked = (where: Where): Point => at('black-hole', where);
/** The service has carried it out, and its answer is lost. */
export const doneUnanswered = (where: Where): Point => at('silence', where);

/** Some of the body has come, and more is on its way. */
export const midBody =
  (where: Where): Point =>
  async ({ mesh }, name, begin) => {
    const fault: Fault = { effect: 'trickle', bytesPerSecond: 10_000, mailbox: mailboxId(name), ...where };
    const injected = mesh.inject(fault);
    await begin();
    await hit(injected, fault);
    await sleep(ARRIVES);
  };

/**
 * The service has answered, and from before that on the store does not: `hold`, nothing that the answer leads to is committed; `swallow`, it
 * is, and the daemon does not learn of it.
 */
export const answered =
  (where: Where, store: 'hold' | 'swallow'): Point =>
  async ({ mesh, proxy }, name, begin) => {
    const fault: Fault = { effect: 'slow-first-byte', milliseconds: 250, mailbox: mailboxId(name), ...where };
    const injected = mesh.inject(fault);
    await begin();
    await hit(injected, fault);
    proxy.mode = store;
    await eventually(
      () => mesh.requests().findLast((seen) => seen.mailbox === fault.mailbox && seen.fault === fault.effect)?.status,
      (status) => (status ?? 0) > 0,
      { within: LONG, every: 5, what: 'the answer' },
    );
    // Said when the answer is made, which is written a quarter of a second later.
    await sleep(250 + ARRIVES);
  };

/** The store is about to be given this statement, and is not. */
export const beforeStatement =
  (statement: string): Point =>
  async ({ proxy }, _name, begin) => {
    const come = proxy.holdAt(statement);
    await begin();
    await come;
  };

/** Gives each point a name for a mailbox of its own: `in1`, `in2`, … */
export const withMailboxes = <T>(
  prefix: string,
  deaths: readonly (readonly T[])[],
): readonly { readonly points: readonly (T & { readonly mailbox: string })[] }[] =>
  deaths.map((points, death) => {
    const before = deaths.slice(0, death).flat().length;
    return { points: points.map((point, index) => ({ ...point, mailbox: `${prefix}${before + index + 1}` })) };
  });
