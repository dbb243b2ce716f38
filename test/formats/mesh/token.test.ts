import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { readToken, signToken, tokenHash } from '../../../formats/mesh/token.ts';

const NONCE = '2c001608-5f09-4840-9611-bea43e666a30';
const SECRETS = { password: 'password', sharedKey: 'SharedKey' };
const signed = signToken({ mailbox: 'X26HC005', nonce: NONCE, count: 1, at: new Date('2015-11-20T10:38:59Z') }, SECRETS);

describe('the authorization token', () => {
  it('puts the password into the hash, between count and timestamp, and nowhere else', () => {
    const hash = createHmac('sha256', 'SharedKey').update(`X26HC005:${NONCE}:1:password:201511201038`).digest('hex');
    expect(signed).toBe(`NHSMESH X26HC005:${NONCE}:1:201511201038:${hash}`);
    expect(signed).not.toContain('password');
  });

  it('is read back as it was written', () => {
    const instants = fc.date({ min: new Date('2000-01-01T00:00:00Z'), max: new Date('2099-12-31T00:00:00Z'), noInvalidDate: true });
    fc.assert(
      fc.property(fc.stringMatching(/^[A-Z0-9]{4,10}$/), fc.uuid(), fc.nat(), instants, (mailbox, nonce, count, at) => {
        const reading = readToken(signToken({ mailbox, nonce, count, at }, SECRETS));
        expect(reading.ok).toBe(true);
        if (!reading.ok) return;
        expect(reading.token).toMatchObject({ mailbox, nonce, count });
        expect(reading.token.at).toBe(Math.floor(at.getTime() / 60_000) * 60_000);
        expect(tokenHash(reading.token, SECRETS)).toBe(reading.token.hash);
      }),
    );
  });

  it.each([
    ['nothing', undefined, 'absent'],
    ['an empty header', '', 'absent'],
    ['another scheme', signed.replace('NHSMESH', 'Bearer'), 'scheme'],
    ['a colon behind the scheme', signed.replace('NHSMESH ', 'NHSMESH:'), 'scheme'],
    ['two blanks', signed.replace(' ', '  '), 'mailbox'],
    ['a part too few', signed.slice(0, signed.lastIndexOf(':')), 'parts'],
    ['a part too many', `${signed}:x`, 'parts'],
    ['a mailbox in lower case', signed.replace('X26HC005', 'x26hc005'), 'mailbox'],
    ['a nonce that is no GUID', signed.replace(NONCE, 'once'), 'nonce'],
    ['a count that is no number', signed.replace(':1:', ':one:'), 'count'],
    ['a count with a leading zero', signed.replace(':1:', ':01:'), 'count'],
    ['a time with seconds', signed.replace('201511201038', '20151120103859'), 'timestamp'],
    ['a time that does not exist', signed.replace('201511201038', '201513201038'), 'timestamp'],
    ['a hash in capitals', signed.slice(0, -64) + signed.slice(-64).toUpperCase(), 'hash'],
    ['a short hash', signed.slice(0, -1), 'hash'],
  ])('is refused with %s', (_name, header, why) => {
    expect(readToken(header)).toEqual({ ok: false, why });
  });
});
