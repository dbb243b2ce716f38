/** Places a route may name without knowing which destination it comes to be; worked out for each record, and again at dispatch. */
export const ROLES = ['custodian', 'receiving-establishment', 'registered-gp', 'previous-custodian', 'sender'] as const;
export type Role = (typeof ROLES)[number];
const roles: ReadonlySet<string> = new Set(ROLES);
export const isRole = (to: string): to is Role => roles.has(to);
