import { group } from './fields.ts';
import type { Setting } from './setting.ts';
import type { AdvancedSettings } from './types.ts';
import { duration, integer } from './values.ts';

/** Pace of the machinery. Measured defaults; a site has no reason to change them, a test shortens them. */
export const advancedSettings: Setting<AdvancedSettings, false> = group<AdvancedSettings>(
  {
    claimTtl: duration({ doc: 'The right to send ends after this time. Must be longer than `sendDeadline`.', default: '90s', min: 100 }),
    sendDeadline: duration({
      doc: 'One attempt to send ends after this time without progress. A MESH message in parts goes on while they are taken.',
      default: '30s',
      min: 50,
    }),
    lease: duration({ doc: 'The processing leader is replaced when it has been silent this long.', default: '5s', min: 100 }),
    heartbeat: duration({ doc: 'How often a daemon shows that it lives.', default: '1s', min: 20 }),
    processBatch: integer({ doc: 'Most messages processed in one transaction.', default: '500', min: 1, max: 500 }),
    processPoll: duration({ doc: 'How often the idle leader looks for messages of other daemons.', default: '50ms', min: 5 }),
    reconcile: duration({ doc: 'How often hints that were lost are made again.', default: '30s', min: 50 }),
    wipePoll: duration({ doc: 'How often it is checked that the queue backend was not wiped.', default: '1s', min: 20 }),
    statementTimeout: duration({ doc: 'Longest time of one database statement.', default: '30s', min: 100 }),
  },
  { doc: 'Pace and limits of the machinery.' },
);
