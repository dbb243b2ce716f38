import { parseSettings, readSettings } from '../../../stand-ins/mesh/settings-file.ts';

describe('the settings of a stand-in MESH server', () => {
  it('may be empty', () => {
    expect(parseSettings('', 'empty.yaml')).toEqual({ options: { routing: {}, strict: {} }, faults: [] });
  });

  it('take text as text, and make numbers, switches and times of what is one', () => {
    const { options, faults } = parseSettings(
      `
mailboxes: [{ id: A1, password: 0123, enabled: no }]
patients: [{ nhsNumber: 9990000018, birthDate: 1955-01-09, surname: No }]
expiry: 2h
strict: { clockWindow: 90s, replay: false }
maxBodyBytes: 1000
faults: [{ effect: rate-limit, retryAfter: 30, times: 0 }]
`,
      's.yaml',
    );
    expect(options).toEqual({
      mailboxes: [{ id: 'A1', password: '0123', enabled: false }],
      patients: [{ nhsNumber: '9990000018', birthDate: '1955-01-09', surname: 'No' }],
      expiry: 7_200_000,
      routing: {},
      strict: { clockWindow: 90_000, replay: false },
      maxBodyBytes: 1000,
    });
    expect(faults).toEqual([{ effect: 'rate-limit', retryAfter: '30', times: 0 }]);
  });

  it.each([
    ['mailboxes: [', /^s\.yaml: /],
    ['mailbox: []', /additional properties: mailbox/],
    ['mailboxes: [{ id: A1 }]', /mailboxes\.0: .*password/],
    ['mailboxes: [{ id: "A 1", password: p }]', /mailboxes\.0\.id: .*letters, digits/],
    ['mailboxes: [{ id: a1, password: p }, { id: A1, password: p }]', /A1 stands there twice/],
    ['patients: [{ nhsNumber: 4010232137, birthDate: 1955-01-09, surname: S }]', /patients\.0\.nhsNumber: .*999/],
    ['expiry: 5', /expiry: .*a number with ms, s, m, h or d/],
    ['strict: { replay: maybe }', /strict\.replay: must be yes or no/],
    ['faults: [{ effect: cut }]', /faults\.0: .*afterBytes/],
  ])('%s is refused, with its place', (text, words) => {
    expect(() => parseSettings(text, 's.yaml')).toThrow(words);
  });

  it('a file that is not there is named', async () => {
    await expect(readSettings('/nowhere/s.yaml')).rejects.toThrow('/nowhere/s.yaml cannot be read');
  });
});
