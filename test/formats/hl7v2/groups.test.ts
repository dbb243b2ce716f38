import fc from 'fast-check';
import {
  assignGroups,
  type GroupInstance,
  type GroupNode,
  groupTree,
  parseGroupTree,
  resolveSegment,
  STRUCTURES,
  structureOf,
} from '../../../formats/hl7v2/groups.ts';
import { readMessage } from '../../../formats/hl7v2/reader.ts';

const tree = (structure: string): GroupNode => {
  const found = groupTree(structure);
  if (found === undefined) throw new Error(structure);
  return found;
};
/** `PID PV1 OBX=a` → a message with those segments, `=a` as field 1. */
const message = (names: string) =>
  readMessage(
    Buffer.from(
      names
        .split(' ')
        .map((one) => (one === 'MSH' ? 'MSH|^~\\&|' : one.includes('=') ? one.replace('=', '|') : `${one}|`))
        .join('\r'),
    ),
  );
/** The instances as text: `ROOT(MSH PATIENT(PID))`. */
const shown = (instance: GroupInstance): string => {
  const items = [
    ...instance.segments.map((s) => ({
      at: s.index,
      text: `${s.name}${s.text(1) === undefined || s.name === 'MSH' ? '' : `=${s.text(1)}`}`,
    })),
    ...[...instance.groups.values()].flat().map((g) => ({ at: g.begins(), text: shown(g) })),
  ];
  return `${instance.name}(${items
    .sort((a, b) => a.at - b.at)
    .map((i) => i.text)
    .join(' ')})`;
};
const grouped = (structure: string, names: string): string => shown(assignGroups(message(names), tree(structure)));

describe('group trees', () => {
  it('are read from text', () => {
    const root = parseGroupTree('MSH PATIENT{PID PD1? VISIT[PV1 PV2?]}+ ORDER{ ORC? OBR|RXO NTE* } DSC?');
    expect(root.items.map((i) => (i.kind === 'group' ? `${i.name}${i.repeats ? '*' : ''}` : i.names.join('|')))).toEqual([
      'MSH',
      'PATIENT*',
      'ORDER*',
      'DSC',
    ]);
    const order = root.items[2];
    expect(order?.kind === 'group' && [...order.starters]).toEqual(['ORC', 'OBR', 'RXO']);
    expect(order?.kind === 'group' && order.parent).toBe(root);
  });

  it.each([['A{PID'], ['PID}'], ['A[PID}'], ['A{}'], ['pid'], ['PIDX'], ['PID ?'], ['A{PID]']])('refuse %j with a column', (text) => {
    expect(() => parseGroupTree(text)).toThrow(SyntaxError);
  });

  it('are all sound, each with MSH first', () => {
    for (const name of STRUCTURES) expect([...tree(name).starters]).toContain('MSH');
  });

  it.each([
    ['ADT', 'A01', 'ADT_A01', 'ADT_A01'],
    ['ADT', 'A08', '', 'ADT_A01'],
    ['ADT', 'A08', 'ADT_A08', 'ADT_A01'],
    ['ADT', 'A13', '', 'ADT_A01'],
    ['ADT', 'A40', '', 'ADT_A39'],
    ['ADT', 'A40', 'ADT_A40', 'ADT_A39'],
    ['ADT', 'A31', '', 'ADT_A05'],
    ['ADT', 'A34', '', 'ADT_A30'],
    ['ADT', 'A45', '', 'ADT_A45'],
    ['MDM', 'T10', 'MDM_T10', 'MDM_T02'],
    ['MDM', 'T11', '', 'MDM_T01'],
    ['REF', 'I14', '', 'REF_I12'],
    ['SIU', 'S15', 'SIU_S12', 'SIU_S12'],
    ['ORU', 'R01', 'rubbish', 'ORU_R01'],
    ['ACK', 'A01', '', 'ACK'],
    ['XXX', 'Y01', '', undefined],
  ])('are found for %s^%s^%s', (code, trigger, structure, expected) => {
    expect(structureOf({ code, trigger, structure })).toBe(expected);
  });

  it('tell where a segment name leads', () => {
    const [order] = [tree('RDE_O11')].flatMap((root) => root.items.filter((i) => i.kind === 'group' && i.name === 'ORDER'));
    if (order?.kind !== 'group') throw new Error('no ORDER');
    expect(resolveSegment(order, 'RXR').map((g) => g.name)).toEqual(['ORDER']);
    expect(resolveSegment(order, 'TQ1').map((g) => g.name)).toEqual(['TIMING', 'TIMING_ENCODED']);
    expect(resolveSegment(order, 'PID')).toEqual([]);
    expect(resolveSegment(tree('MDM_T02'), 'OBX').map((g) => g.name)).toEqual(['OBSERVATION']);
    expect(resolveSegment(order, 'MSH').map((g) => g.name)).toEqual(['ROOT']);
  });
});

describe('segments go to their group', () => {
  it.each([
    [
      'ORU_R01',
      'MSH PID PV1 ORC OBR NTE=o OBX=1 NTE=a OBX=2 NTE=b NTE=c ORC OBR OBX=3 SPM OBX=s',
      'ROOT(MSH PATIENT_RESULT(PATIENT(PID VISIT(PV1)) ORDER_OBSERVATION(ORC OBR NTE=o OBSERVATION(OBX=1 NTE=a) OBSERVATION(OBX=2 NTE=b NTE=c)) ORDER_OBSERVATION(ORC OBR OBSERVATION(OBX=3) SPECIMEN(SPM OBX=s))))',
    ],
    [
      'ORU_R01',
      'MSH PID OBR=1 OBX OBR=2 OBR=3 OBX',
      'ROOT(MSH PATIENT_RESULT(PATIENT(PID) ORDER_OBSERVATION(OBR=1 OBSERVATION(OBX)) ORDER_OBSERVATION(OBR=2) ORDER_OBSERVATION(OBR=3 OBSERVATION(OBX))))',
    ],
    [
      'ORU_R01',
      'MSH PID=1 NTE OBR OBX PID=2 OBR OBX OBX PID=3 PID=4 OBR',
      'ROOT(MSH PATIENT_RESULT(PATIENT(PID=1 NTE) ORDER_OBSERVATION(OBR OBSERVATION(OBX))) PATIENT_RESULT(PATIENT(PID=2) ORDER_OBSERVATION(OBR OBSERVATION(OBX) OBSERVATION(OBX))) PATIENT_RESULT(PATIENT(PID=3)) PATIENT_RESULT(PATIENT(PID=4) ORDER_OBSERVATION(OBR)))',
    ],
    [
      'ADT_A01',
      'MSH EVN PID PD1 ROL=1 NK1 NK1 PV1 PV2 ROL=2 OBX AL1 AL1 DG1 PR1 ROL=3 PR1 GT1 IN1 IN2 IN1',
      'ROOT(MSH EVN PID PD1 ROL=1 NK1 NK1 PV1 PV2 ROL=2 OBX AL1 AL1 DG1 PROCEDURE(PR1 ROL=3) PROCEDURE(PR1) GT1 INSURANCE(IN1 IN2) INSURANCE(IN1))',
    ],
    ['ADT_A39', 'MSH EVN PID=1 PD1 MRG PV1 PID=2 MRG', 'ROOT(MSH EVN PATIENT(PID=1 PD1 MRG PV1) PATIENT(PID=2 MRG))'],
    ['ADT_A45', 'MSH EVN PID MRG PV1 MRG PV1', 'ROOT(MSH EVN PID MERGE_INFO(MRG PV1) MERGE_INFO(MRG PV1))'],
    [
      'RDE_O11',
      'MSH PID AL1 ORC TQ1=a RXO RXR=o RXE TQ1=b TQ2 TQ1=c RXR=e RXC OBX NTE ORC RXE RXR=f',
      'ROOT(MSH PATIENT(PID AL1) ORDER(ORC TIMING(TQ1=a) ORDER_DETAIL(RXO RXR=o) RXE TIMING_ENCODED(TQ1=b TQ2) TIMING_ENCODED(TQ1=c) RXR=e RXC OBSERVATION(OBX NTE)) ORDER(ORC RXE RXR=f))',
    ],
    [
      'MDM_T02',
      'MSH EVN PID PV1 ORC OBR TXA OBX=1 NTE OBX=2',
      'ROOT(MSH EVN PID PV1 COMMON_ORDER(ORC OBR) TXA OBSERVATION(OBX=1 NTE) OBSERVATION(OBX=2))',
    ],
    [
      'SIU_S12',
      'MSH SCH NTE=s PID PV1 RGS AIS NTE=a AIL AIP AIP RGS AIG',
      'ROOT(MSH SCH NTE=s PATIENT(PID PV1) RESOURCES(RGS SERVICE(AIS NTE=a) LOCATION_RESOURCE(AIL) PERSONNEL_RESOURCE(AIP) PERSONNEL_RESOURCE(AIP)) RESOURCES(RGS GENERAL_RESOURCE(AIG)))',
    ],
    [
      'REF_I12',
      'MSH RF1 PRD=1 CTD PRD=2 PID NK1 DG1 AL1 OBR OBX NTE PV1 NTE=m',
      'ROOT(MSH RF1 PROVIDER_CONTACT(PRD=1 CTD) PROVIDER_CONTACT(PRD=2) PID NK1 DG1 AL1 OBSERVATION(OBR RESULTS_NOTES(OBX NTE)) PATIENT_VISIT(PV1) NTE=m)',
    ],
    [
      'VXU_V04',
      'MSH PID PD1 PV1 ORC RXA=1 RXR OBX OBX RXA=2 RXR',
      'ROOT(MSH PID PD1 PATIENT(PV1) ORDER(ORC RXA=1 RXR OBSERVATION(OBX) OBSERVATION(OBX)) ORDER(RXA=2 RXR))',
    ],
    [
      'ORM_O01',
      'MSH PID PV1 ORC OBR NTE DG1 OBX ORC RXO RXR',
      'ROOT(MSH PATIENT(PID PATIENT_VISIT(PV1)) ORDER(ORC ORDER_DETAIL(OBR NTE DG1 OBSERVATION(OBX))) ORDER(ORC ORDER_DETAIL(RXO RXR)))',
    ],
    ['OMP_O09', 'MSH PID ORC TQ1 RXO RXR RXC OBX', 'ROOT(MSH PATIENT(PID) ORDER(ORC TIMING(TQ1) RXO RXR COMPONENT(RXC) OBSERVATION(OBX)))'],
  ])('%s: %s', (structure, names, expected) => {
    expect(grouped(structure, names)).toBe(expected);
  });
});

describe('segments out of place', () => {
  it.each([
    [
      'Z-segments stay where they stand',
      'ORU_R01',
      'MSH ZA1 PID ZB1 OBR ZC1 OBX ZD1 OBX ZE1',
      'ROOT(MSH ZA1 PATIENT_RESULT(PATIENT(PID ZB1) ORDER_OBSERVATION(OBR ZC1 OBSERVATION(OBX ZD1) OBSERVATION(OBX ZE1))))',
    ],
    ['PD1 after PV1', 'ORU_R01', 'MSH PID PV1 PD1 OBR', 'ROOT(MSH PATIENT_RESULT(PATIENT(PID VISIT(PV1) PD1) ORDER_OBSERVATION(OBR)))'],
    [
      'PV1 after results',
      'ORU_R01',
      'MSH PID OBR OBX=1 PV1 OBX=2',
      'ROOT(MSH PATIENT_RESULT(PATIENT(PID VISIT(PV1)) ORDER_OBSERVATION(OBR OBSERVATION(OBX=1) OBSERVATION(OBX=2))))',
    ],
    ['PV2 without PV1', 'ORU_R01', 'MSH PID PV2 OBR', 'ROOT(MSH PATIENT_RESULT(PATIENT(PID VISIT(PV2)) ORDER_OBSERVATION(OBR)))'],
    [
      'OBX without OBR',
      'ORU_R01',
      'MSH PID OBX=1 OBX=2',
      'ROOT(MSH PATIENT_RESULT(PATIENT(PID) ORDER_OBSERVATION(OBSERVATION(OBX=1) OBSERVATION(OBX=2))))',
    ],
    [
      'OBX after FT1',
      'ORU_R01',
      'MSH PID OBR FT1 OBX=1 OBX=2',
      'ROOT(MSH PATIENT_RESULT(PATIENT(PID) ORDER_OBSERVATION(OBR FT1 OBSERVATION(OBX=1) OBSERVATION(OBX=2))))',
    ],
    ['AIS without RGS', 'SIU_S12', 'MSH SCH PID AIS=1 AIS=2', 'ROOT(MSH SCH PATIENT(PID) RESOURCES(SERVICE(AIS=1) SERVICE(AIS=2)))'],
    [
      'NTE after SPM belongs to the order',
      'ORU_R01',
      'MSH PID OBR OBX SPM NTE=o',
      'ROOT(MSH PATIENT_RESULT(PATIENT(PID) ORDER_OBSERVATION(OBR OBSERVATION(OBX) SPECIMEN(SPM) NTE=o)))',
    ],
    ['a second PV1', 'ADT_A01', 'MSH EVN PID PV1=1 AL1 PV1=2', 'ROOT(MSH EVN PID PV1=1 AL1 PV1=2)'],
  ])('%s', (_, structure, names, expected) => {
    expect(grouped(structure, names)).toBe(expected);
  });

  it('are listed at the root', () => {
    const root = assignGroups(message('MSH EVN PID PV1 PD1 ZZZ PV1'), tree('ADT_A01'));
    expect(root.misplaced.map((s) => `${s.name}${s.index}`)).toEqual(['PD14', 'PV16']);
  });

  it('never get lost, and never move to another patient', () => {
    const names = fc.array(
      fc.constantFrom('PID', 'PD1', 'NTE', 'PV1', 'PV2', 'ORC', 'OBR', 'OBX', 'SPM', 'TQ1', 'FT1', 'ZZ1', 'AL1', 'NK1'),
      { maxLength: 40 },
    );
    fc.assert(
      fc.property(names, fc.constantFrom(...STRUCTURES), (list, structure) => {
        const m = message(['MSH', ...list].join(' '));
        const root = assignGroups(m, tree(structure));
        expect(root.everything().map((s) => s.index)).toEqual(m.segments.map((_, i) => i));
      }),
    );
    fc.assert(
      fc.property(names, (list) => {
        const m = message(['MSH', 'PID', ...list].join(' '));
        const root = assignGroups(m, tree('ORU_R01'));
        // Each patient's part is one run of the message, begun by its PID.
        for (const part of root.groups.get('PATIENT_RESULT') ?? []) {
          const indexes = part.everything().map((s) => s.index);
          expect(indexes).toEqual(indexes.map((_, i) => (indexes[0] ?? 0) + i));
          expect(part.everything().filter((s) => s.name === 'PID')).toHaveLength(1);
        }
      }),
    );
  });
});

describe('lookup', () => {
  const root = assignGroups(message('MSH EVN PID=p PV1 NTE=x ORC=1 RXE RXR=a RXR=b ZA1=z ORC=2 RXE'), tree('RDE_O11'));
  const [first, second] = root.below('ORDER');

  it('finds segments of the nearest enclosing group that may hold them', () => {
    expect(first?.lookup('RXR').map((s) => s.text(1))).toEqual(['a', 'b']);
    expect(first?.lookup('ORC').map((s) => s.text(1))).toEqual(['1']);
    expect(first?.lookup('MSH')).toHaveLength(1);
  });

  it('never reaches into a neighbour, nor further out by chance', () => {
    expect(second?.lookup('RXR')).toEqual([]);
    expect(second?.lookup('ZA1')).toEqual([]);
  });

  it('looks into inner groups where no enclosing one holds the name', () => {
    expect(root.lookup('PID').map((s) => s.text(1))).toEqual(['p']);
    expect(root.lookup('RXE')).toHaveLength(2);
    expect(root.lookup('ZA1').map((s) => s.text(1))).toEqual(['z']);
  });

  it('gives instances by name, outward and inward', () => {
    expect(root.below('ORDER').map((o) => o.ordinal)).toEqual([1, 2]);
    expect(second?.enclosing('ROOT')).toBe(root);
    expect(second?.enclosing('PATIENT')).toBeUndefined();
  });
});
