import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { buildAck } from '../formats/hl7v2/acknowledgement.ts';
import { readMessage } from '../formats/hl7v2/reader.ts';
import { encodeFrame, FrameDecoder } from '../formats/mllp/frame.ts';

export interface ReceivedByStandIn {
  readonly type: string;
  readonly controlId: string;
  readonly bytes: Buffer;
}

/**
 * A clinical system or practice that takes HL7 v2 over MLLP and answers AA, for the demo and for engineers who have no far side yet.
 * It keeps what it received in memory and tells `onMessage`; it recognises a control id it has seen and answers it again.
 */
export class MllpReceiver {
  readonly received: ReceivedByStandIn[] = [];
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #seen = new Set<string>();
  readonly #onMessage: (message: ReceivedByStandIn) => void;
  #answers = 0;

  constructor(onMessage: (message: ReceivedByStandIn) => void = () => undefined) {
    this.#onMessage = onMessage;
    this.#server = createServer((socket) => this.#serve(socket));
  }

  /** Resolves with the port; 0 lets the system choose. Loopback only. Rejects when the port is taken. */
  listen(port: number, host = '127.0.0.1'): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(port, host, () => {
        this.#server.removeListener('error', reject);
        const address = this.#server.address();
        resolve(isBound(address) ? address.port : port);
      });
    });
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  #serve(socket: Socket): void {
    const decoder = new FrameDecoder({ maxSize: 64 * 1024 * 1024 });
    this.#sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.#sockets.delete(socket));
    socket.on('data', (chunk: Buffer) => {
      for (const event of decoder.push(chunk)) if (event.kind === 'frame') socket.write(encodeFrame(this.#take(event.bytes)));
    });
  }

  #take(bytes: Buffer): Buffer {
    const message = readMessage(bytes);
    const controlId = message.controlId ?? '';
    if (!this.#seen.has(controlId)) {
      this.#seen.add(controlId);
      const received = { type: `${message.code ?? ''}^${message.trigger ?? ''}`, controlId, bytes };
      this.received.push(received);
      this.#onMessage(received);
    }
    this.#answers += 1;
    return buildAck({ to: message, code: 'AA', controlId: `ACK${this.#answers}`, at: new Date() });
  }
}

const isBound = (address: string | AddressInfo | null): address is AddressInfo => typeof address === 'object' && address !== null;
