import { type Static, Type } from '@sinclair/typebox';
import { BIRTH_DATE_FORMATS } from '../../formats/mesh/route-address.ts';
import { MESH_STATUS_CODES } from '../../formats/mesh/status-codes.ts';
import { DURATION } from './duration.ts';
import { ROUTES } from './routes.ts';

/** What a settings file and the admin door may say. Fields mean what `MeshServerOptions`, `Fault` and `PutReport` say of them. */

const closed = { additionalProperties: false } as const;
const Words = Type.Array(Type.String({ minLength: 1 }));
const Switch = Type.Unsafe<boolean>({ switch: true, description: 'yes or no' });
const Duration = Type.String({ pattern: DURATION, description: 'a number with ms, s, m, h or d' });
const MailboxId = Type.String({ pattern: '^[A-Za-z0-9_-]{1,100}$', description: 'letters, digits, - and _' });
const oneOf = <const T extends readonly string[]>(values: T) => Type.Union(values.map((value) => Type.Literal<T[number]>(value)));

const MailboxSettings = Type.Object(
  {
    id: MailboxId,
    password: Type.String({ minLength: 1 }),
    name: Type.Optional(Type.String()),
    odsCode: Type.Optional(Type.String()),
    enabled: Type.Optional(Switch),
    sends: Type.Optional(Words),
    receives: Type.Optional(Words),
    certificateName: Type.Optional(Type.String({ minLength: 1 })),
  },
  closed,
);

const Person = Type.Object(
  {
    nhsNumber: Type.String({ pattern: '^999[0-9]{7}$', description: 'ten digits of the test range 999: patients here are invented' }),
    birthDate: Type.String({ pattern: '^[0-9]{4}-[0-9]{2}-[0-9]{2}$', description: 'YYYY-MM-DD' }),
    surname: Type.String({ minLength: 1 }),
    practice: Type.Optional(Type.String()),
  },
  closed,
);

const target = {
  mailbox: Type.Optional(MailboxId),
  route: Type.Optional(Type.Union([oneOf(ROUTES), Type.Array(oneOf(ROUTES))])),
  messageId: Type.Optional(Type.String()),
  chunk: Type.Optional(Type.Integer({ minimum: 1 })),
  skip: Type.Optional(Type.Integer({ minimum: 0 })),
  times: Type.Optional(Type.Integer({ minimum: 0 })),
};
const effect = <T extends string, const P extends Parameters<typeof Type.Object>[0]>(name: T, properties: P) =>
  Type.Object({ ...target, effect: Type.Literal(name), ...properties }, closed);

const AnyFault = Type.Union([
  effect('status', {
    status: Type.Integer({ minimum: 200, maximum: 599 }),
    body: Type.Optional(
      Type.Union([
        oneOf(['v1', 'v2', 'validation', 'bare', 'xml', 'html', 'none']),
        Type.Object({ text: Type.String(), type: Type.String() }, closed),
      ]),
    ),
    event: Type.Optional(Type.String()),
    code: Type.Optional(Type.String()),
    text: Type.Optional(Type.String()),
    headers: Type.Optional(Type.Record(Type.String(), Type.String())),
    after: Type.Optional(Switch),
  }),
  effect('rate-limit', { retryAfter: Type.Optional(Type.String()) }),
  effect('redirect', { to: Type.String(), status: Type.Optional(Type.Integer({ minimum: 300, maximum: 399 })) }),
  effect('reset', { after: Type.Optional(Switch) }),
  effect('silence', {}),
  effect('black-hole', {}),
  effect('slow-first-byte', { milliseconds: Type.Integer({ minimum: 0 }) }),
  effect('trickle', { bytesPerSecond: Type.Integer({ minimum: 1 }) }),
  effect('cut', { afterBytes: Type.Integer({ minimum: 0 }) }),
]);
/** The effect says which of them it is, so that only what is wrong with that one is told. */
export const FaultSetting = Type.Unsafe<Static<typeof AnyFault>>({
  type: 'object',
  required: ['effect'],
  discriminator: { propertyName: 'effect' },
  oneOf: AnyFault.anyOf,
});

export const SettingsFile = Type.Object(
  {
    sharedKey: Type.Optional(Type.String({ minLength: 1 })),
    mailboxes: Type.Optional(Type.Array(MailboxSettings, { minItems: 1 })),
    patients: Type.Optional(Type.Array(Person)),
    routing: Type.Optional(
      Type.Object(
        { birthDate: Type.Optional(oneOf(BIRTH_DATE_FORMATS)), workflows: Type.Optional(Words), delay: Type.Optional(Duration) },
        closed,
      ),
    ),
    strict: Type.Optional(
      Type.Object(
        {
          replay: Type.Optional(Switch),
          clockWindow: Type.Optional(Duration),
          goneWhenAcknowledged: Type.Optional(Switch),
          chunksInOrder: Type.Optional(Switch),
        },
        closed,
      ),
    ),
    reports: Type.Optional(
      Type.Object({ code: Type.Optional(Switch), link: Type.Optional(Switch), to: Type.Optional(oneOf(['mailbox', 'intended'])) }, closed),
    ),
    expiry: Type.Optional(Duration),
    retention: Type.Optional(Duration),
    maxBodyBytes: Type.Optional(Type.Integer({ minimum: 1 })),
    gzipDownloads: Type.Optional(Switch),
    rateLimit: Type.Optional(Type.Object({ requests: Type.Integer({ minimum: 1 }), seconds: Type.Integer({ minimum: 1 }) }, closed)),
    faults: Type.Optional(Type.Array(FaultSetting)),
  },
  closed,
);
export type SettingsFile = Static<typeof SettingsFile>;

export const ReportSetting = Type.Object(
  {
    mailbox: MailboxId,
    code: oneOf(MESH_STATUS_CODES),
    description: Type.Optional(Type.String()),
    about: Type.Optional(Type.String()),
    linkedId: Type.Optional(Type.String()),
    workflowId: Type.Optional(Type.String()),
    localId: Type.Optional(Type.String()),
    subject: Type.Optional(Type.String()),
  },
  closed,
);
export const AdvanceSetting = Type.Object({ advance: Duration }, closed);
export const EnabledSetting = Type.Object({ enabled: Switch }, closed);
