import { type BirthDateFormat, readAddressDate, readRouteAddress, surnameInAddress } from '../../formats/mesh/route-address.ts';
import type { MeshStatusCode } from '../../formats/mesh/status-codes.ts';
import { readNhsNumber } from '../../records/nhs-number.ts';
import type { Mailbox, Mailboxes } from './mailboxes.ts';
import type { Person } from './options.ts';

export type Routed = { readonly mailbox: Mailbox } | { readonly code: MeshStatusCode };

/** Finds the practice's mailbox for a patient's address, as the endpoint lookup does after a 202. */
export class PatientRegister {
  readonly #people: ReadonlyMap<string, Person>;
  readonly #format: BirthDateFormat;

  constructor(people: readonly Person[], format: BirthDateFormat) {
    this.#people = new Map(people.map((person) => [person.nhsNumber, person]));
    this.#format = format;
  }

  route(to: string, workflow: string, mailboxes: Mailboxes): Routed {
    const address = readRouteAddress(to);
    if (address === undefined || !readNhsNumber(address.nhsNumber).ok || !/^\d{10}$/.test(address.nhsNumber)) return { code: 'EPL-152' };
    const person = this.#people.get(address.nhsNumber);
    if (person === undefined) return { code: 'EPL-153' };
    const sameDay = readAddressDate(address.birthDate, this.#format) === person.birthDate;
    // How the service compares surnames is not published: letters alone, without accents, is the reading public code relies on.
    const sameName = surnameInAddress(address.surname, 'letters') === surnameInAddress(person.surname, 'letters');
    if (!sameDay || !sameName) return { code: 'EPL-154' };
    const [mailbox, ...others] = person.practice === undefined ? [] : mailboxes.at(person.practice, workflow);
    if (mailbox === undefined) return { code: 'EPL-151' };
    return others.length > 0 ? { code: 'EPL-150' } : { mailbox };
  }
}
