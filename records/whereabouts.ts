import type { Organisation } from './kinds/types.ts';

/** What the patients room works out of a person, and the routes decide by. Times are ISO 8601 as told. */

/** `never`: no movement was ever told. `unknown`: the last movement does not fit what is known. `court`: out, and coming back. */
export const LOCATIONS = ['in', 'court', 'out', 'unknown', 'never'] as const;
export type Location = (typeof LOCATIONS)[number];

/** What a custody event really was. `none`: it changes nothing; `unknown`: it does not fit. */
export const MOVEMENTS = ['reception', 'transfer', 'release', 'courtOut', 'courtReturn', 'detail', 'none', 'unknown'] as const;
export type Movement = (typeof MOVEMENTS)[number];

export interface Whereabouts {
  readonly location: Location;
  /** Who answers for the person: at court and between two establishments it is the one they left. */
  readonly custodian: Organisation | null;
  readonly previousCustodian: Organisation | null;
  readonly inTransit: boolean;
  /** Why the location is unknown, a code. */
  readonly because: string | null;
  /** Since when, and by which event (record id). */
  readonly since: string | null;
  readonly restsOn: string | null;
}

/**
 * `registered`: the registration service has accepted it and its period is current. `requested`: asked for, or registered before release.
 * `previous`: the practice someone else named last (a reception feed, the patient); the best that is known, no registration.
 */
export const REGISTRATION_STANDINGS = ['registered', 'requested', 'previous'] as const;
export type RegistrationStanding = (typeof REGISTRATION_STANDINGS)[number];

export interface Registration {
  readonly practiceOds: string;
  readonly standing: RegistrationStanding;
  readonly recordId: string;
  readonly startedAt: string | null;
}

/** Why there is no practice: `removed` and `deducted` by the registration service, `ended` by its dates. */
export type RegistrationEnd = 'removed' | 'deducted' | 'rejected' | 'ended' | 'not-started';

export interface RegistrationState {
  /** The present practice; nothing where the best that is known has come to an end. */
  readonly present: Registration | null;
  /** The newest entry that came to an end, where there is no present one. */
  readonly ended: { readonly why: RegistrationEnd; readonly recordId: string } | null;
  /** The registration service removed the patient because of death. */
  readonly deathNotified: boolean;
  /** Two systems state different accepted practices at the same time: record ids. */
  readonly contradictory: readonly string[];
}

export interface VitalFacts {
  readonly restricted: boolean;
  readonly deceased: boolean;
}
