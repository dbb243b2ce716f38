import { connect, type Socket } from 'node:net';
import { readAck } from '../formats/hl7v2/acknowledgement.ts';
import { encodeFrame, FrameDecoder } from '../formats/mllp/frame.ts';

const ANSWER_MS = 10_000;

/** Sends one message on a connection of its own and resolves with MSA-1 of the answer. Rejects where none comes within ten seconds. */
export const sendOverMllp = (host: string, port: number, message: Buffer): Promise<string> =>
  new Promise((resolve, reject) => {
    const decoder = new FrameDecoder({ maxSize: 1 << 20 });
    const socket: Socket = connect({ host, port }, () => socket.write(encodeFrame(message)));
    const end = (settle: () => void) => {
      clearTimeout(timer);
      socket.destroy();
      settle();
    };
    const timer = setTimeout(() => end(() => reject(new Error('no answer in time'))), ANSWER_MS);
    socket.on('error', (error) => end(() => reject(error)));
    socket.on('close', () => end(() => reject(new Error('closed without an answer'))));
    socket.on('data', (chunk: Buffer) => {
      for (const event of decoder.push(chunk)) {
        if (event.kind === 'frame') end(() => resolve(readAck(event.bytes)?.code ?? 'unreadable'));
      }
    });
  });
