import type { FaultCode } from '../../records/faults.ts';

/** What a status code of the service means for what we sent; only those that say more than that it was not taken. */
const FAULTS: Readonly<Record<string, FaultCode>> = {
  '08': 'recipient-unknown',
  '12': 'recipient-unknown',
  '14': 'not-collected',
  '16': 'workflow-not-allowed',
  '17': 'workflow-not-allowed',
  '18': 'workflow-not-allowed',
  'EPL-150': 'patient-not-routed',
  'EPL-151': 'patient-not-routed',
  'EPL-152': 'patient-not-routed',
  'EPL-153': 'patient-not-routed',
  'EPL-154': 'patient-not-routed',
};

/** The same number meant other things beside other events (control files of the file interface): only those of SEND are read so. */
export const faultOfCode = (event: string, code: string): FaultCode => {
  if (event !== '' && event.toUpperCase() !== 'SEND') return 'mesh-refused';
  return FAULTS[code] ?? 'mesh-refused';
};
