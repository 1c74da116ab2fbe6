import { connect, type Socket } from 'node:net';
import { readAnswerHead } from './answer.js';

/** Told once for each request: its status, or 0 when the connection broke before its answer came. */
export type Answered = (status: number) => void;

/**
 * One keep-alive connection with one request on its way at a time. It writes finished bytes and reads only heads:
 * the load shares its processors with what it measures, and a full HTTP client costs more than some servers.
 */
export class Connection {
  private socket: Socket | null = null;
  private answered: Answered | null = null;
  private received: Buffer | null = null;

  constructor(
    private readonly host: string,
    private readonly port: number,
  ) {}

  send(request: Buffer, answered: Answered): void {
    this.answered = answered;
    this.socket ??= this.open();
    this.socket.write(request);
  }

  close(): void {
    this.answered = null;
    this.socket?.destroy();
    this.socket = null;
  }

  private open(): Socket {
    const socket = connect({ host: this.host, port: this.port, noDelay: true });
    socket.on('data', (chunk: Buffer) => {
      this.read(chunk);
    });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      if (this.socket === socket) this.finish(0, true);
    });
    return socket;
  }

  private read(chunk: Buffer): void {
    const all = this.received ? Buffer.concat([this.received, chunk]) : chunk;
    const head = readAnswerHead(all);
    if (head && all.length >= head.bytes) this.finish(head.status, head.closes);
    else this.received = all;
  }

  private finish(status: number, closes: boolean): void {
    const { answered } = this;
    this.answered = null;
    this.received = null;
    if (closes) {
      this.socket?.destroy();
      this.socket = null;
    }
    answered?.(status);
  }
}
