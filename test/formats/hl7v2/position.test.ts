import { showPosition } from '../../../formats/hl7v2/position.ts';
import { readMessage } from '../../../formats/hl7v2/reader.ts';

it('tells where a value stands as people write it', () => {
  const message = readMessage(Buffer.from('MSH|^~\\&|\rPID|1\rOBX|1\rOBX|2\r'));
  const [msh, pid, , second] = message.segments;
  const places = [
    pid && showPosition(pid),
    pid && showPosition(pid, 3, 2, 1),
    msh && showPosition(msh, 9, 1, 2),
    second && showPosition(second, 5),
    second && showPosition(second, 5, 1, 4, 2),
  ];
  expect(places).toEqual(['PID', 'PID-3[2].1', 'MSH-9.2', 'OBX[2]-5', 'OBX[2]-5.4.2']);
});
