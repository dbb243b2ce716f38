import { LINKING_KINDS, withFilledLinks } from '../../patients/links.ts';
import type { AppliedRecord, ApplyContext } from './apply-record.ts';
import { closureOf, itemsOfKind, type PersonState } from './person-state.ts';

/** Most that one record fills: the ids of their versions are reserved ahead. More stay open until the next record comes. */
export const MOST_FILLED = 50;

/** Can records filed now be what earlier ones wait for? */
export const mayFill = (kinds: readonly { readonly kind: string }[]): boolean => kinds.some(({ kind }) => LINKING_KINDS.has(kind));

/**
 * Fills the links of the person's records that a record filed just now was missing for. The filled record is a version of its own and goes
 * nowhere by itself: what was sent without the link stays as it was.
 */
export const fillLinks = (context: ApplyContext, person: PersonState, system: string, filed: readonly AppliedRecord[]): PersonState => {
  if (!filed.some(({ item, isNew }) => isNew && LINKING_KINDS.has(item.kind))) return person;
  let next = person;
  let filled = 0;
  const place = { system, found: context.draft.foundOf(person), persons: closureOf(person) };
  for (const kind of LINKING_KINDS) {
    for (const item of itemsOfKind(person, kind)) {
      if (item.record === null || item.system !== system || filled >= MOST_FILLED) continue;
      const record = withFilledLinks(item.record, place);
      if (record === undefined) continue;
      filled += 1;
      const { ids, messageId, part, mappingVersion, directoryVersion } = context;
      next = context.draft.write(next, {
        ...item,
        isNew: false,
        newKeys: [],
        mappingVersion,
        directoryVersion,
        messageId,
        part,
        recordId: ids.record(),
        record,
      });
    }
  }
  return next;
};
