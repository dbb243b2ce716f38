import { knownFault, meshFault, statusCode } from '../../../formats/mesh/status.ts';

describe('MESH rule 1.8: a status of MESH', () => {
  it.each([
    ['SEND', '12', 'recipient-unknown'],
    ['SEND', '14', 'not-collected'],
    ['SEND', '16', 'workflow-not-allowed'],
    ['SEND', '17', 'workflow-not-allowed'],
    ['SEND', '18', 'workflow-not-allowed'],
    ['SEND', '06', 'mesh-refused'],
    ['SEND', 'EPL-150', 'patient-not-routed'],
    ['SEND', 'EPL-154', 'patient-not-routed'],
    ['', 'EPL-153', 'patient-not-routed'],
    ['', '12', 'recipient-unknown'],
    ['', '', 'mesh-refused'],
    ['TRANSFER', '06', 'mesh-refused'],
    ['COLLECT', '02', 'data-file-missing'],
  ])('%s %s means %s', (event, code, fault) => {
    expect(meshFault({ event, code })).toBe(fault);
  });

  it('means what its event says: the numbers were used twice', () => {
    expect(meshFault({ event: 'SEND', code: '17' })).toBe('workflow-not-allowed');
    expect(meshFault({ event: 'RECEIVE', code: '17' })).toBe('mesh-unauthorised');
    expect(meshFault({ event: 'RECEIVE', code: '16' })).toBe('mesh-unavailable');
    expect(meshFault({ event: 'RECEIVE', code: '12' })).toBe('mesh-refused');
  });

  it('is read in any case, with blanks around it, and as one digit', () => {
    expect(meshFault({ event: ' send ', code: ' epl-152 ' })).toBe('patient-not-routed');
    expect(meshFault({ event: 'collect', code: '2' })).toBe('data-file-missing');
    expect(statusCode('5')).toBe('05');
  });

  it('is unknown where it says no more than that it failed', () => {
    expect(knownFault({ event: 'SEND', code: '06' })).toBeUndefined();
    expect(knownFault({ event: 'SEND', code: '14' })).toBe('not-collected');
  });
});
