import { brandAs, type DirectoryVersion, type PersonId } from '../../../records/ids.ts';
import { directoryChanged } from '../../../store/lanes/directory-change.ts';
import { delivered, type LaneFixture, openLanes } from '../../support/lanes.ts';

const ROLES = ['custodian', 'registered-gp'];
const NEXT = brandAs<DirectoryVersion>('ef56');
let f: LaneFixture;
beforeAll(async () => {
  f = await openLanes();
});
afterAll(() => f.close());

describe('★ A12: another edition of the directory', () => {
  const raised = async (person: PersonId): Promise<number> =>
    (await f.store.database.query<{ n: number }>('select routing_version as n from person where id = $1', [person]))[0]?.n ?? -1;

  it('at the start has everybody looked at again for whom something waits that was routed under another', async () => {
    const [waiting, fixed, gone, same] = [await f.person(), await f.person(), await f.person(), await f.person()];
    await f.file(waiting, {}, {});
    await f.file(fixed, { role: 'archive' });
    const [head] = await f.file(gone);
    await f.file(same, { directoryVersion: NEXT });
    for (const claim of await f.claim(...(head === undefined ? [] : [head]))) await f.turn({ results: [delivered(claim)] });

    expect(await directoryChanged(f.store.database, ROLES, NEXT, null)).toBe(1);
    expect([await raised(waiting), await raised(fixed), await raised(gone), await raised(same)]).toEqual([1, 0, 0, 0]);
  });

  it('at a reload only those whose deliveries wait where a changed organisation was reached', async () => {
    const person = await f.person();
    await f.file(person);
    expect(await directoryChanged(f.store.database, ROLES, NEXT, [])).toBe(0);
    expect(await raised(person)).toBe(0);
    await directoryChanged(f.store.database, ROLES, NEXT, [f.destination]);
    expect(await raised(person)).toBe(1);
  });
});
