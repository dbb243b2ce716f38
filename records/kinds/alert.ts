import { kind } from './kind.ts';
import { Coding, dateTime, list, of, Practitioner, text } from './types.ts';

export const alert = kind(
  { describes: 'A risk, safeguarding concern or other alert.', fhir: 'Flag', heading: 'safety-alerts', scope: 'patient' },
  {
    category: text('self-harm, risk-to-others, risk-from-others, safeguarding, infection, anaphylaxis …', {
      fhir: 'Flag.category',
      values: [
        'self-harm',
        'risk-to-others',
        'risk-from-others',
        'safeguarding-child',
        'safeguarding-adult',
        'infection',
        'anaphylaxis',
        'other',
      ],
    }),
    code: of(Coding, 'The alert.', { fhir: 'Flag.code' }),
    level: text('How serious.'),
    status: text('active or inactive. Absent counts as active.', { fhir: 'Flag.status', values: ['active', 'inactive'] }),
    text: text('In words.', { fhir: 'Flag.code.text' }),
    raisedAt: dateTime('Raised.', { fhir: 'Flag.period.start' }),
    closedAt: dateTime('Closed.', { fhir: 'Flag.period.end' }),
    raisedBy: of(Practitioner, 'Who raised it.', { fhir: 'Flag.author' }),
    mitigation: text('What is being done.'),
    audience: list(text('custody, health, gp.'), 'Who may see it; empty is everyone concerned.'),
  },
);
