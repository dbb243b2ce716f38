import { INDEX_SYSTEM } from '../../patients/derived-records.ts';
import { applyRecord } from '../../patients/items.ts';
import { decideRoutes } from '../../routing/decide.ts';
import { clinicalPriority } from '../../routing/priority.ts';
import { openResults, RELEASE_SUMMARY, releaseSummary, withdrawnSummary } from '../../routing/release.ts';
import { at, context, instant, LEEDS, record } from '../patients/made.ts';
import { directory, facts, HOUSE, RELEASED, routes } from './made.ts';

const report = (id: number, status: string | null, received: string, more: Parameters<typeof record>[2] = {}) => ({
  id,
  record: record('report', status === null ? {} : { status }, { receivedAt: instant(at(received)), ...more }),
});

describe('★ D: open results at release', () => {
  const reports = [
    report(1, 'preliminary', '3 10:00'),
    report(2, 'final', '4 10:00'),
    report(3, 'final', '5 10:00'),
    report(4, 'corrected', '6 10:00'),
    report(5, null, '6 10:00'),
    report(6, 'cancelled', '6 10:00'),
    report(7, 'preliminary', '6 10:00', { state: 'error' }),
    report(8, 'preliminary', '1 10:00'),
    report(9, 'final', '12 10:00'),
  ];

  it('are those of the stay that are not final, and finals never handed over to that practice', () => {
    expect(openResults(reports, at('2 09:00'), new Set([3])).map(({ id, because }) => [id, because])).toEqual([
      [1, 'not-final'],
      [2, 'never-handed-over'],
      [4, 'never-handed-over'],
      [5, 'not-final'],
      // Came after the release and before its news: it went to the establishment, the practice has not seen it.
      [9, 'never-handed-over'],
    ]);
  });

  it('leave none out where the reception was never told', () => {
    expect(openResults(reports, null, new Set()).map(({ id }) => id)).toContain(8);
  });
});

describe('release summary', () => {
  const RELEASE = { system: 'nomis', booking: 'B1', releasedAt: at('9 09:00'), establishment: LEEDS, createdAt: instant(at('9 09:05')) };
  const env = context({ system: INDEX_SYSTEM });
  const filed = applyRecord(null, releaseSummary(RELEASE, { text: 'Allergies: penicillin' }), env);

  it('is a document that goes to the registered practice', () => {
    if (filed.outcome !== 'applied') throw new Error(filed.outcome);
    expect(filed.next.fields).toMatchObject({
      type: { code: RELEASE_SUMMARY },
      createdAt: at('9 09:05'),
      custodian: { agencyCode: 'LEI' },
    });
    const decision = decideRoutes(routes(...HOUSE), facts({ record: filed.next, whereabouts: RELEASED }), directory());
    expect(decision.deliveries).toMatchObject([{ route: 'summary', destination: 'gp-hill-letters' }]);
  });

  it('is the same document when the release is told again, and another for another time', () => {
    if (filed.outcome !== 'applied') throw new Error(filed.outcome);
    const present = { uuid: filed.next.id, state: filed.next.state, record: filed.next };
    expect(applyRecord(present, releaseSummary(RELEASE, { text: 'Allergies: penicillin' }), env)).toMatchObject({ filedBy: 'unchanged' });
    const other = applyRecord(null, releaseSummary({ ...RELEASE, releasedAt: at('9 15:00') }, {}), env);
    expect(other.outcome === 'applied' && other.next.id).not.toBe(filed.next.id);
  });

  it('is withdrawn when the release is cancelled', () => {
    if (filed.outcome !== 'applied') throw new Error(filed.outcome);
    const present = { uuid: filed.next.id, state: filed.next.state, record: filed.next };
    expect(applyRecord(present, withdrawnSummary(RELEASE, instant(at('9 11:00'))), env)).toMatchObject({
      filedBy: null,
      next: { state: 'error', action: 'error' },
    });
    expect(applyRecord(null, withdrawnSummary(RELEASE, instant(at('9 11:00'))), env)).toMatchObject({ outcome: 'noted' });
  });
});

describe('clinical priority', () => {
  const result = (...interpretation: string[]) => record('result', { interpretation });
  it('goes by the flags of the results and the words of a referral', () => {
    expect(clinicalPriority(record('report', {}), [result('N'), result('HH')])).toBe('urgent');
    expect(clinicalPriority(record('report', {}), [result('H')])).toBe('high');
    expect(clinicalPriority(record('report', {}), [{ ...result('HH'), state: 'error' }])).toBe('routine');
    expect(clinicalPriority(record('referral', { priority: 'urgent' }))).toBe('urgent');
    expect(clinicalPriority(record('report', {}))).toBe('routine');
  });
});
