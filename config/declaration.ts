import { brandAs, type DestinationName, type MailboxName, type SourceName } from '../records/ids.ts';
import { LOG_FORMATS, LOG_LEVELS } from '../telemetry/log.ts';
import { list, map } from './collections.ts';
import { advancedSettings } from './declaration-advanced.ts';
import { destinationSettings } from './declaration-destinations.ts';
import { mailboxSettings } from './declaration-mesh.ts';
import { sourceSettings } from './declaration-sources.ts';
import { group } from './fields.ts';
import { fixed, optional, type Setting } from './setting.ts';
import type { Config, ConsoleSettings, MatchRule, RouteSettings } from './types.ts';
import { choice, duration, integer, listen, NAME, NAME_SAYS, path, placedText, secret, text, timeZone, yesNo } from './values.ts';

const matchRule: Setting<MatchRule, false> = group<MatchRule>(
  {
    by: choice(['nhsNumber', 'prisonNumber', 'pncNumber', 'croNumber', 'homeOfficeReference', 'localId'], {
      doc: 'The identifier that must be the same.',
    }),
    agree: list(choice(['birthDate', 'familyName', 'gender'], { doc: 'One detail.' }), {
      doc: 'Details that must not disagree where both sides state them; if they do, the message is held.',
      type: 'list of details',
    }),
    verified: yesNo({
      doc: 'NHS number only: it counts when its trace status is 01, or absent from a source that `trustsNhsNumbers`.',
      default: 'no',
    }),
  },
  { doc: 'One way to recognise a person.' },
);

const route: Setting<RouteSettings, false> = group<RouteSettings>(
  {
    name: text({ doc: 'Name, shown with every decision.', pattern: NAME, says: NAME_SAYS }),
    when: optional(placedText({ doc: 'Condition on the record. Absent: always.', says: 'condition' })),
    to: optional(
      text({
        doc: 'Where it goes: `custodian`, `receiving-establishment`, `registered-gp`, `previous-custodian`, `sender`, or the name of a destination.',
        pattern: NAME,
        says: 'a role or the name of a destination',
      }),
    ),
    file: optional(text({ doc: 'In place of `to`: the record is kept and not sent, for this reason.' })),
    priority: choice(['urgent', 'high', 'routine'], {
      doc: 'Which lanes are served first. Never changes the order within a lane.',
      default: 'routine',
    }),
  },
  { doc: 'One rule.' },
);

const consoleSettings: Setting<ConsoleSettings, false> = group<ConsoleSettings>(
  {
    listen: listen({ doc: 'Address of /livez, /readyz, /metrics and /queues.', default: '127.0.0.1:7750' }),
    allowRemote: yesNo({
      doc: 'Listen on other addresses than loopback. The console asks nobody for a password: put a proxy with access control before it.',
      default: 'no',
    }),
  },
  { doc: 'The page of the person on call.' },
);

/** Every setting of throughcare.yaml. */
export const declaration: Setting<Config, false> = group<Config>(
  {
    site: fixed(text({ doc: 'Name of this installation, on every log line.', pattern: NAME, says: NAME_SAYS })),
    environment: fixed(
      choice(['live', 'test', 'training'], {
        doc: 'Decides MSH-11 (P, T, D), and whether the test NHS numbers 999… are refused (live).',
        default: 'test',
      }),
    ),
    zone: fixed(timeZone({ doc: 'Time zone of dates and times that come without one.', default: 'Europe/London' })),
    data: fixed(path({ doc: 'Folder of the embedded PostgreSQL and of the key file.', default: './data' })),
    store: fixed(
      group<Config['store']>(
        {
          url: optional(
            secret({ doc: 'PostgreSQL to use, `postgres://user:password@host/database`. Absent or empty: an embedded one under `data`.' }),
          ),
          keys: optional(
            secret({
              doc: 'Key ring that seals patient data; usually `${file:…}`. Absent: a key file under `data`, made at the first start.',
            }),
          ),
          connections: integer({
            doc: 'Most connections of one daemon to PostgreSQL, beside two of the journal, two of the leader and those of queues kept there.',
            default: '12',
            min: 4,
            max: 200,
          }),
        },
        { doc: 'The truth: PostgreSQL.' },
      ),
    ),
    retention: optional(
      duration({
        doc: 'How long messages and deliveries are kept, at least; whole partitions of a million are removed, never one with something open in it. Records stay. Absent: for ever.',
        min: 7 * 86_400_000,
      }),
    ),
    queue: fixed(
      group<Config['queue']>(
        {
          redis: optional(
            secret({ doc: 'Redis for the delivery queues, `redis://…`. Absent or empty: the queues live in the same PostgreSQL.' }),
          ),
        },
        { doc: 'The index of hints: BullMQ.' },
      ),
    ),
    console: fixed(consoleSettings),
    log: group<Config['log']>(
      {
        level: choice(LOG_LEVELS, {
          doc: 'Least severity written. `debug` has a line for each message.',
          default: 'info',
        }),
        format: fixed(choice(LOG_FORMATS, { doc: '`auto` writes for people on a terminal and JSON elsewhere.', default: 'auto' })),
      },
      { doc: 'The log on standard output.' },
    ),
    directory: path({ doc: 'File of organisations: practices, establishments, their codes and endpoints.', default: 'directory.yaml' }),
    mappings: list(path({ doc: 'One folder or file.' }), {
      doc: 'Folders or files of mappings, inbound and outbound.',
      type: 'list of paths',
    }),
    summary: optional(
      text({
        doc: 'Outbound mapping (text, for custody) that makes the summary sent at a release. Absent: none is made.',
        says: 'the name of a mapping',
      }),
    ),
    identity: group<Config['identity']>(
      {
        match: list(matchRule, {
          doc: 'How a person is recognised, tried in order. None written: a verified NHS number, else a prison number, each with the birth date agreeing where both state it. A name and date alone never match.',
          type: 'list of rules',
          default: [
            { by: 'nhsNumber', agree: ['birthDate'], verified: true },
            { by: 'prisonNumber', agree: ['birthDate'], verified: false },
          ],
        }),
      },
      { doc: 'The patient index.' },
    ),
    shutdown: group<Config['shutdown']>(
      { drain: duration({ doc: 'After SIGTERM, how long what is in hand may take to finish.', default: '20s', min: 0, max: 600_000 }) },
      { doc: 'A clean stop.' },
    ),
    mailboxes: map(mailboxSettings, {
      doc: 'MESH mailboxes, by name.',
      type: 'mailboxes by name',
      key: NAME,
      says: NAME_SAYS,
      brand: brandAs<MailboxName>,
    }),
    sources: map(sourceSettings, {
      doc: 'Ways in, by name.',
      type: 'sources by name',
      key: NAME,
      says: NAME_SAYS,
      brand: brandAs<SourceName>,
    }),
    destinations: map(destinationSettings, {
      doc: 'Ways out, by name.',
      type: 'destinations by name',
      key: NAME,
      says: NAME_SAYS,
      brand: brandAs<DestinationName>,
    }),
    routes: list(route, {
      doc: 'Where records go. The first rule whose condition holds decides; a record no rule applies to is held as `no-route`.',
      type: 'list of rules',
    }),
    advanced: fixed(advancedSettings),
  },
  { doc: 'Configuration of one site.' },
);
