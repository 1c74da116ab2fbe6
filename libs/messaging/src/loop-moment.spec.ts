import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { loopMoment, surelyWaitedMs, type LoopMoment } from './loop-moment.js';

const moment = (at: number, idleMs: number, turn: number): LoopMoment => ({ at, idleMs, turn });

describe('surelyWaitedMs', () => {
  it.each([
    ['the loop only waited', moment(100, 100, 1), 100],
    ['it was busy for the one turn before it looked', moment(400, 0, 1), 0],
    ['it was not there at the first look, and at the second', moment(800, 0, 2), 0],
    ['nine of ten looks did not find it', moment(1_000, 0, 10), 800],
    ['a busy turn came after a rest', moment(300, 200, 2), 200],
  ])('knows what is proven when %s', (_case, to, proven) => {
    expect(surelyWaitedMs(moment(0, 0, 0), to)).toBe(proven);
  });
});

/** Keeps this process from looking at its sockets. */
const work = (ms: number): void => {
  for (const until = performance.now() + ms; performance.now() < until;);
};

describe('loopMoment', () => {
  const server = createServer((socket) => socket.on('data', (chunk) => answer(socket, chunk)));
  let answer = (socket: Socket, chunk: Buffer): void => void socket.write(chunk);
  let client: Socket;

  beforeEach(async () => {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    client = connect((server.address() as AddressInfo).port, '127.0.0.1');
    await once(client, 'connect');
  });
  afterEach(async () => {
    client.destroy();
    server.close();
    await once(server, 'close');
  });

  const ask = async (): Promise<{ from: LoopMoment; to: LoopMoment }> => {
    client.write('?');
    const from = await new Promise<LoopMoment>((resolve) => setImmediate(() => resolve(loopMoment())));
    await once(client, 'data');
    return { from, to: loopMoment() };
  };

  it('does not count against the other side what this one was late', async () => {
    answer = (socket, chunk) => {
      socket.write(chunk);
      work(150);
    };
    const { from, to } = await ask();
    expect(to.at - from.at).toBeGreaterThan(145);
    expect(surelyWaitedMs(from, to)).toBeLessThan(50);
  });

  it('counts what the other side took', async () => {
    answer = (socket, chunk) => setTimeout(() => socket.write(chunk), 150);
    const { from, to } = await ask();
    expect(surelyWaitedMs(from, to)).toBeGreaterThan(140);
  });

  it('counts it also while this one is busy in many short turns', async () => {
    let ended = false;
    const busy = (): void => {
      if (ended) return;
      work(2);
      setImmediate(busy);
    };
    answer = (socket, chunk) => setTimeout(() => socket.write(chunk), 300);
    busy();
    const { from, to } = await ask();
    ended = true;
    expect(surelyWaitedMs(from, to)).toBeGreaterThan(270);
  });
});
