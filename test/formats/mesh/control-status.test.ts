import { meaningOf, recordOf } from '../../../formats/mesh/control-status.ts';
import { FAULTS } from '../../../records/faults.ts';

const meaning = (event: string, code?: string, status?: string) =>
  meaningOf({ event, ...(code === undefined ? {} : { code }), ...(status === undefined ? {} : { status }) });

describe('MESH rule 2.4: status records', () => {
  it.each([
    ['COLLECT', '00', 'SUCCESS', { is: 'collected' }],
    ['TRANSFER', '00', 'SUCCESS', { is: 'sent' }],
    ['TRANSFER', '0', 'SUCCESS', { is: 'sent' }],
    ['SEND', '00', 'SUCCESS', { is: 'sent' }],
    ['SEND', '00', undefined, { is: 'sent' }],
    ['SEND', '12', 'ERROR', { is: 'failed', fault: 'recipient-unknown' }],
    ['SEND', '12', undefined, { is: 'failed', fault: 'recipient-unknown' }],
    ['SEND', '14', 'ERROR', { is: 'failed', fault: 'not-collected' }],
    ['SEND', 'EPL-152', 'ERROR', { is: 'failed', fault: 'patient-not-routed' }],
    ['SEND', 'epl-154', 'ERROR', { is: 'failed', fault: 'patient-not-routed' }],
    ['SEND', undefined, 'ERROR', { is: 'failed', fault: 'mesh-refused' }],
    ['SEND', 'InvalidHeaderChunks', 'ERROR', { is: 'failed', fault: 'mesh-refused' }],
    ['COLLECT', '02', 'ERROR', { is: 'failed', fault: 'data-file-missing' }],
  ])('%s %s %s', (event, code, status, expected) => {
    expect(meaning(event, code, status)).toEqual(expected);
  });

  it('does not take SUCCESS alone for sent', () => {
    expect(meaning('TRANSFER', undefined, 'SUCCESS')).toEqual({ is: 'unclear' });
    expect(meaning('TRANSFER', '05', 'SUCCESS')).toEqual({ is: 'delayed' });
    expect(meaning('COLLECT', '00', 'SUCCESS')).toEqual({ is: 'collected' });
    expect(meaningOf({ status: 'SUCCESS' })).toEqual({ is: 'unclear' });
    expect(meaningOf(undefined)).toEqual({ is: 'unclear' });
  });

  it('reads a number with its event: 17 is a workflow under SEND and a failed login under RECEIVE', () => {
    expect(meaning('SEND', '17', 'ERROR')).toEqual({ is: 'failed', fault: 'workflow-not-allowed' });
    expect(meaning('RECEIVE', '17', 'ERROR')).toEqual({ is: 'failed', fault: 'mesh-unauthorised' });
  });

  it('calls a record that contradicts itself unclear', () => {
    expect(meaning('SEND', '12', 'SUCCESS')).toEqual({ is: 'unclear' });
    expect(meaning('SEND', '00', 'ERROR')).toEqual({ is: 'unclear' });
    expect(meaning('SEND', '00', 'PERHAPS')).toEqual({ is: 'unclear' });
  });

  it('writes failures of ours so that they read as failures again', () => {
    for (const code of [
      'control-file',
      'data-file-missing',
      'recipient-unknown',
      'no-addressee',
      'workflow-not-allowed',
      'internal',
    ] as const) {
      expect(FAULTS[code]).toBeDefined();
      expect(meaningOf({ ...recordOf(code), status: 'ERROR' })).toMatchObject({ is: 'failed' });
    }
  });
});
