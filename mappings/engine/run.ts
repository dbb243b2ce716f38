import type { ContentName } from '../../records/ids.ts';
import type { Issue } from '../../records/issue.ts';
import type { Organisation } from '../../records/kinds/types.ts';
import type { PartHold } from '../../records/mapped.ts';
import type { Zone } from './zone.ts';

/** Where a line of a mapping stands and what it fills; the same for every message, made once. */
export interface LineMeta {
  /** `file:line`. */
  readonly rule: string;
  /** Canonical field or segment target. */
  readonly target: string;
}

/** Organisations by code at a point in time (ISO date or instant; null = no time known). Unknown codes answer undefined. */
export interface DirectoryPort {
  /** By ODS code of a GP practice. */
  practice(code: string, at: string | null): Organisation | undefined;
  /** By agency code (LEI) or ODS code. */
  establishment(code: string, at: string | null): Organisation | undefined;
}

/** What functions may ask of the world: everything is handed in, nothing is looked up by the engine itself. */
export interface Services {
  readonly directory: DirectoryPort;
  /** Keyed digest by which content is stored. */
  nameContent(bytes: Buffer): ContentName;
}

/** One use of a mapping: collects issues and the first failure. */
export class Run {
  readonly zone: Zone;
  readonly services: Services;
  issues: Issue[] = [];
  /** First failure of a `required` or `invalid(fail)`; whoever asked for the values looks and resets. */
  failure: PartHold | null = null;
  /** When the sender says this was true; null until worked out, or where nothing says so. */
  asOf: string | null = null;
  /** `required` is not applied: cancel and error need only keys. */
  lenient = false;

  constructor(services: Services, zone: Zone) {
    this.services = services;
    this.zone = zone;
  }

  note(code: string, meta: LineMeta, source: string | undefined): void {
    this.issues.push({ code, rule: meta.rule, target: meta.target, ...(source === undefined ? {} : { source }) });
  }

  fail(code: string, meta: LineMeta, source: string | undefined, reason: PartHold['reason'] = 'mapping-failed'): void {
    this.note(code, meta, source);
    this.failure ??= { reason, rule: meta.rule, ...(source === undefined ? {} : { source }) };
  }
}
