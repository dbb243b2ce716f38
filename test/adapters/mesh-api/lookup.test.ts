import { Lookups, NEGATIVE_AGE } from '../../../adapters/mesh-api/lookup.ts';

const DAY = 86_400_000;

const make = (answers: (readonly string[] | Error)[], age = DAY) => {
  const asked: string[] = [];
  let now = 0;
  const lookups = new Lookups(
    async (odsCode, workflow) => {
      asked.push(`${odsCode}/${workflow}`);
      const answer = answers.shift() ?? [];
      if (answer instanceof Error) throw answer;
      return answer;
    },
    age,
    () => now,
  );
  return {
    lookups,
    asked,
    pass: (ms: number) => {
      now += ms;
    },
  };
};

describe('endpoint look-ups', () => {
  it('asks once for an organisation and workflow within the age', async () => {
    const { lookups, asked, pass } = make([['X26OT001'], ['X26OT002'], ['X26OT003']]);
    expect(await lookups.find('A81001', 'W')).toEqual({ mailbox: 'X26OT001' });
    pass(DAY - 1);
    expect(await lookups.find('A81001', 'W')).toEqual({ mailbox: 'X26OT001' });
    expect(await lookups.find('A81001', 'V')).toEqual({ mailbox: 'X26OT002' });
    pass(1);
    expect(await lookups.find('A81001', 'W')).toEqual({ mailbox: 'X26OT003' });
    expect(asked).toEqual(['A81001/W', 'A81001/V', 'A81001/W']);
  });

  it('keeps an answer of none or several for minutes only', async () => {
    const { lookups, asked, pass } = make([[], ['A', 'B'], ['A']]);
    expect(await lookups.find('A81001', 'W')).toEqual({ none: true });
    pass(NEGATIVE_AGE - 1);
    expect(await lookups.find('A81001', 'W')).toEqual({ none: true });
    pass(1);
    expect(await lookups.find('A81001', 'W')).toEqual({ several: 2 });
    pass(NEGATIVE_AGE);
    expect(await lookups.find('A81001', 'W')).toEqual({ mailbox: 'A' });
    expect(asked).toHaveLength(3);
  });

  it('uses no answer that ran out, though the service cannot be asked', async () => {
    const { lookups, pass } = make([['A'], new Error('away'), ['B']]);
    await lookups.find('A81001', 'W');
    pass(DAY);
    await expect(lookups.find('A81001', 'W')).rejects.toThrow('away');
    expect(await lookups.find('A81001', 'W')).toEqual({ mailbox: 'B' });
  });

  it('asks once for many deliveries that wait for the same answer', async () => {
    const { lookups, asked } = make([['A']]);
    await Promise.all([1, 2, 3].map(() => lookups.find('A81001', 'W')));
    expect(asked).toHaveLength(1);
  });

  it('asks again for a mailbox the service turned out not to know', async () => {
    const { lookups } = make([['A'], ['B']]);
    await lookups.find('A81001', 'W');
    lookups.forget('A81001', 'W');
    expect(await lookups.find('A81001', 'W')).toEqual({ mailbox: 'B' });
  });

  it('asks every time where the age is none', async () => {
    const { lookups, asked } = make([['A'], ['A']], 0);
    await lookups.find('A81001', 'W');
    await lookups.find('A81001', 'W');
    expect(asked).toHaveLength(2);
  });
});
