import { foundingRecord, INDEX_SYSTEM, patientRecord } from '../../patients/derived-records.ts';
import type { IdentityRules } from '../../patients/identity.ts';
import { endedBySnapshot, knownEmptyAfter } from '../../patients/lists.ts';
import { changesRouting, vitalFacts } from '../../patients/registration.ts';
import { type CustodyEvent, checkEvent, custodyEventOf, takenBack } from '../../patients/timeline.ts';
import type { RecordId } from '../../records/ids.ts';
import type { Issue } from '../../records/issue.ts';
import type { MappedRecord } from '../../records/mapped.ts';
import type { HeldPart } from '../../records/process.ts';
import { type AppliedRecord, type ApplyContext, applyMapped } from './apply-record.ts';
import { fillLinks } from './fill-links.ts';
import { identify } from './identify.ts';
import { mergePart } from './merge-part.ts';
import { freshPerson, itemsOfKind, type PersonState, patientOf, recordsOfKind } from './person-state.ts';
import type { PartWork } from './work.ts';

/** What a part did to what is known, before anything is routed. */
export interface AppliedPart {
  /** Null where nobody could be matched. */
  readonly person: PersonState | null;
  readonly records: readonly AppliedRecord[];
  readonly issues: readonly Issue[];
  /** Holds that stop the whole part: nothing of it is used. */
  readonly hold: HeldPart | null;
  /** Holds that ask for a look while the part's records stand. */
  readonly notices: readonly HeldPart[];
  /** Codes and ids for the evidence. */
  readonly identity: unknown;
}

export interface ApplyEnvironment extends ApplyContext {
  readonly rules: IdentityRules;
  readonly system: string;
}

/** Identity, merge, demographics, custody, records: in this order, each seeing what came before. */
export const applyPart = (env: ApplyEnvironment, work: PartWork): AppliedPart => {
  const { draft } = env;
  const { part } = work;
  const nothing = (hold: HeldPart, identity: unknown = null, person: PersonState | null = null): AppliedPart => ({
    person,
    records: [],
    issues: part.issues,
    hold,
    notices: [],
    identity,
  });
  if (part.hold !== null) return nothing(part.hold);

  const decision = identify(draft, part.identify, work.evidence, env.rules);
  if (decision.outcome === 'hold' || decision.outcome === 'unidentified')
    return nothing({ reason: decision.reason, rule: 'identify' }, decision.reasons);
  const isNew = decision.outcome === 'new';
  let person = isNew ? freshPerson(env.ids.person()) : draft.person(decision.personId);
  if (isNew) draft.put(person);
  person = draft.learn(person, [...decision.learns, ...(isNew ? decision.mergedAliases : [])]);

  const before = vitalFacts(patientOf(person), person.restricted);
  const run = new PartRun(env, person);
  const failed =
    run.merge(work) ?? run.patient(work, isNew) ?? run.custody(work) ?? run.all(part.records) ?? run.links() ?? run.lists(work);
  if (failed !== null) return nothing(failed, decision.reasons);

  person = run.person;
  const after = vitalFacts(patientOf(person), person.restricted);
  const moved = run.records.some(({ item, filedBy }) => filedBy !== 'unchanged' && changesRouting(item.kind, before, after));
  if (moved || isNew) {
    person = { ...person, restricted: after.restricted, routingVersion: person.routingVersion + 1 };
    draft.put(person);
  }
  return {
    person,
    records: run.records,
    issues: [...part.issues, ...run.issues],
    hold: null,
    notices: run.notices,
    identity: decision.reasons,
  };
};

const eventsOf = (person: PersonState): readonly CustodyEvent[] =>
  recordsOfKind(person, 'custody').flatMap((record) => custodyEventOf(record) ?? []);

class PartRun {
  readonly #env: ApplyEnvironment;
  person: PersonState;
  readonly records: AppliedRecord[] = [];
  readonly issues: Issue[] = [];
  readonly notices: HeldPart[] = [];

  constructor(env: ApplyEnvironment, person: PersonState) {
    this.#env = env;
    this.person = person;
  }

  merge({ part, evidence, retired }: PartWork): HeldPart | null {
    if (part.merge === null || retired === null) return null;
    const { draft, messageId } = this.#env;
    const result = mergePart(draft, this.person, part.merge, { one: evidence, retired }, { messageId, part: part.part });
    this.person = result.person;
    this.issues.push(...(result.issues ?? []));
    if (result.notice !== undefined) this.notices.push(result.notice);
    return result.hold;
  }

  #apply(mapped: MappedRecord, system: string): HeldPart | null {
    const result = applyMapped(this.#env, this.person, mapped, system);
    if (!result.ok) return result.hold;
    this.person = result.person;
    this.records.push(...result.records);
    this.issues.push(...result.issues);
    return null;
  }

  patient({ part }: PartWork, isNew: boolean): HeldPart | null {
    const mapped = patientRecord(part) ?? (isNew ? foundingRecord(part) : null);
    return mapped === null ? null : this.#apply(mapped, INDEX_SYSTEM);
  }

  custody({ custody }: PartWork): HeldPart | null {
    if (custody === null) return null;
    const before = this.person;
    const failed = this.#apply(custody, this.#env.system);
    if (failed !== null) return failed;
    const applied = this.records.at(-1);
    const event = applied?.item.record == null ? undefined : custodyEventOf(applied.item.record);
    if (applied === undefined || event === undefined || event.event === 'detail') return null;
    // The same event again says nothing new, unless it had been taken back: then it stands again, and goes out again.
    if (applied.filedBy === 'unchanged' && takenBack(eventsOf(before), event.id) && !takenBack(eventsOf(this.person), event.id))
      this.records[this.records.length - 1] = { ...applied, filedBy: null };
    const check = checkEvent(eventsOf(this.person), event);
    if (check.ok) return null;
    if (check.why === 'undo-of-nothing') return custody.ifUnknown === 'hold' ? { reason: 'unknown-record', rule: custody.rule } : null;
    if (check.why === 'no-time') return { reason: 'mapping-failed', rule: custody.rule };
    // The event is kept: the person's location is unknown until the missing movement is told, and someone should know.
    this.notices.push({ reason: 'movement-unknown', rule: custody.rule });
    return null;
  }

  all(mapped: readonly MappedRecord[]): HeldPart | null {
    for (const one of mapped) {
      const failed = this.#apply(one, this.#env.system);
      if (failed !== null) return failed;
    }
    return null;
  }

  /** Records that came now may be what earlier ones were waiting for. */
  links(): HeldPart | null {
    const filled = fillLinks(this.#env, this.person, this.#env.system, this.records);
    if (filled === this.person) return null;
    this.person = filled;
    for (const [index, one] of this.records.entries())
      this.records[index] = { ...one, item: filled.items.get(one.item.id, one.item.kind) ?? one.item };
    return null;
  }

  /** Ends what a whole list no longer names, and keeps what is known to be empty. */
  lists({ part }: PartWork): HeldPart | null {
    const { facts, ids, draft } = this.#env;
    const place = { system: this.#env.system, personId: this.person.id, parent: null };
    const named = new Set<RecordId>(this.records.map(({ item }) => item.uuid));
    for (const list of part.lists) {
      for (const ended of endedBySnapshot(list, part.asOf, itemsOfKind(this.person, list.kind), named, { ...place, ...facts })) {
        const item = itemsOfKind(this.person, list.kind).find((one) => one.uuid === ended.id);
        if (item === undefined) continue;
        const { mappingVersion, directoryVersion, messageId } = this.#env;
        this.person = draft.write(this.person, {
          ...item,
          isNew: false,
          state: 'ended',
          newKeys: [],
          keys: ended.keys,
          mappingVersion,
          directoryVersion,
          messageId,
          part: part.part,
          recordId: ids.record(),
          record: ended,
        });
      }
    }
    const kinds = new Set(part.records.map((record) => record.kind));
    const empty = knownEmptyAfter(patientOf(this.person), part.lists, kinds, this.#env.system, part.asOf ?? facts.receivedAt);
    if (empty === null) return null;
    return this.#apply(
      {
        kind: 'patient',
        rule: 'lists',
        position: 1,
        keys: [{ name: 'person', values: ['self'] }],
        action: 'put',
        ifUnknown: 'hold',
        defaults: {},
        children: [],
        asOf: part.asOf,
        fields: { knownEmpty: { state: 'value', value: empty.map((one) => ({ ...one })) } },
      },
      INDEX_SYSTEM,
    );
  }
}
