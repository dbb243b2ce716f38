import type { FaultCode } from '../records/faults.ts';
import type { OrganisationEntry, Organisations } from '../records/organisations.ts';
import type { RoutingFacts } from './facts.ts';
import type { Step } from './outcome.ts';

/** Distinct refusals of the gate to a GP practice, in the order they are asked (domain H7). */
export type GateRefusal =
  | 'restricted'
  | 'deceased'
  | 'death-notified'
  | 'registration-removed'
  | 'registration-ended'
  | 'registration-contradictory'
  | 'not-registered'
  | 'practice-unknown'
  | 'practice-shared'
  | 'practice-not-open'
  | 'practice-closed';

export type GateResult =
  | { readonly open: true; readonly entry: OrganisationEntry; readonly steps: readonly Step[] }
  | { readonly open: false; readonly refusal: GateRefusal; readonly reason: FaultCode; readonly steps: readonly Step[] };

const refuse = (refusal: GateRefusal, reason: FaultCode, about?: string, more: readonly Step[] = []): GateResult => ({
  open: false,
  refusal,
  reason,
  steps: [{ code: refusal, ...(about === undefined ? {} : { about }) }, ...more],
});

/**
 * May anything be sent to this person's registered practice, and which is it? The order is fixed: restricted, deceased, death notified,
 * removed, registration of the present period, practice open. A successor of a closed practice is shown, never chosen: the patient is
 * registered there only when the registration says so (domain H7, §2.5).
 */
export const practiceGate = ({ vital, registration, at }: RoutingFacts, directory: Organisations): GateResult => {
  if (vital.restricted) return refuse('restricted', 'restricted');
  if (vital.deceased) return refuse('deceased', 'deceased');
  if (registration.deathNotified) return refuse('death-notified', 'deceased');
  const { present, ended } = registration;
  if (present === null && ended !== null) {
    const removed = ended.why === 'removed' || ended.why === 'deducted';
    return refuse(removed ? 'registration-removed' : 'registration-ended', 'no-registered-gp', ended.recordId, [{ code: ended.why }]);
  }
  if (present === null) return refuse('not-registered', 'no-registered-gp');
  if (registration.contradictory.length > 0)
    return refuse('registration-contradictory', 'no-registered-gp', registration.contradictory.join(' '));

  const found = directory.practice(present.practiceOds, at);
  const stands: Step = { code: present.standing, about: present.recordId };
  switch (found.found) {
    case 'one':
      return { open: true, entry: found.entry, steps: [stands] };
    case 'none':
      return refuse('practice-unknown', 'practice-unknown', present.practiceOds, [stands]);
    case 'ambiguous':
      return refuse('practice-shared', 'establishment-ambiguous', present.practiceOds, [stands]);
    case 'not-open':
      return refuse('practice-not-open', 'practice-closed', present.practiceOds, [stands]);
    case 'closed': {
      const { outcome, active, circular } = directory.successors(found.entry, at);
      const successors = active.map((entry): Step => ({ code: 'successor', about: entry.ods }));
      return refuse('practice-closed', 'practice-closed', present.practiceOds, [
        stands,
        { code: circular ? 'successors-circular' : `successors-${outcome}` },
        ...successors,
      ]);
    }
    default:
      return found satisfies never;
  }
};
