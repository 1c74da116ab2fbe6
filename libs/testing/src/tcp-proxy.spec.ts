import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { eventually } from './eventually.js';
import { watchLeaks, type LeakCheck } from './leaks.js';
import { startTcpProxy, type TcpProxy } from './tcp-proxy.js';

/** A target that answers each chunk with the same, and knows who is connected to it. */
describe('startTcpProxy', () => {
  let leaks: LeakCheck;
  let target: Server;
  let served: Socket[];
  let proxy: TcpProxy;
  const clients: { socket: Socket; text: () => string; error: () => string }[] = [];

  beforeEach(async () => {
    leaks = watchLeaks();
    served = [];
    target = createServer((socket) => {
      served.push(socket);
      socket.on('error', () => undefined);
      socket.pipe(socket);
    }).listen(0, '127.0.0.1');
    await once(target, 'listening');
    proxy = await startTcpProxy({ target: { port: (target.address() as AddressInfo).port } });
  });
  afterEach(async () => {
    for (const { socket } of clients.splice(0)) socket.destroy();
    await proxy.stop();
    for (const socket of served) socket.destroy();
    target.close();
    await leaks.expectNoLeaks();
  });

  const dial = () => {
    const socket = connect(proxy.port, proxy.host);
    let text = '';
    let error = '';
    socket.on('data', (chunk: Buffer) => (text += chunk.toString()));
    socket.on('error', (e: NodeJS.ErrnoException) => (error = e.code ?? e.message));
    const client = { socket, text: () => text, error: () => error };
    clients.push(client);
    return client;
  };
  const hears = (client: ReturnType<typeof dial>, text: string) =>
    eventually(`the client hears ${text}`, () => client.text() === text, { everyMs: 5, deadlineMs: 2000 });

  it('passes bytes both ways, and the end', async () => {
    const client = dial();
    client.socket.end('hello');
    await hears(client, 'hello');
    await eventually('the connection is over', () => proxy.connections === 0);
  });

  it('is silent without disconnecting, and gives what it held back afterwards', async () => {
    const client = dial();
    client.socket.write('a');
    await hears(client, 'a');
    proxy.silence();
    client.socket.write('b');
    const late = dial();
    late.socket.write('c');
    await eventually('the late connection stands', () => proxy.connections === 2);
    await expect(hears(client, 'ab')).rejects.toThrow('in vain');
    expect(client.error()).toBe('');
    await proxy.pass();
    await hears(client, 'ab');
    await hears(late, 'c');
  });

  it('hides the end of a silenced client from the target', async () => {
    const client = dial();
    client.socket.write('a');
    await hears(client, 'a');
    proxy.silence();
    client.socket.end();
    await expect(
      eventually('the target sees the end', () => served[0]?.readableEnded, { deadlineMs: 100 }),
    ).rejects.toThrow('in vain');
    await proxy.pass();
    await eventually('the target sees the end', () => served[0]?.readableEnded);
  });

  it('makes answers late by what was asked, in order', async () => {
    const client = dial();
    client.socket.write('a');
    await hears(client, 'a');
    proxy.latency(150);
    const started = performance.now();
    client.socket.write('b');
    await eventually('b was answered', () => client.text() === 'ab', { everyMs: 5 });
    expect(performance.now() - started).toBeGreaterThanOrEqual(145);
    client.socket.write('c');
    proxy.latency(0);
    client.socket.write('d');
    await hears(client, 'abcd');
  });

  it('makes requests late too when told so', async () => {
    const client = dial();
    client.socket.write('a');
    await hears(client, 'a');
    proxy.latency(80, 80);
    const started = performance.now();
    client.socket.write('b');
    await hears(client, 'ab');
    expect(performance.now() - started).toBeGreaterThanOrEqual(155);
  });

  it('carries no more than its bandwidth, and everything in the end', async () => {
    const client = dial();
    proxy.bandwidth(200_000);
    const started = performance.now();
    client.socket.write('x'.repeat(60_000));
    await eventually('all came back', () => client.text().length === 60_000, { everyMs: 5 });
    expect(performance.now() - started).toBeGreaterThanOrEqual(290);
  });

  it('lets a request through and cuts its connection before the answer, as often as asked', async () => {
    const [first, second] = [dial(), dial()];
    proxy.cutAfter('COMMIT', 1);
    first.socket.write('BEGIN');
    await hears(first, 'BEGIN');
    const reached = eventually('the target was asked', () => served[0]?.bytesRead === 11, { everyMs: 5 });
    first.socket.write('COMMIT');
    await reached;
    await eventually('the client is cut off', () => first.error() === 'ECONNRESET');
    expect([first.text(), proxy.cuts]).toEqual(['BEGIN', 1]);
    second.socket.write('COMMIT');
    await hears(second, 'COMMIT');
  });

  it('resets every connection and takes new ones', async () => {
    const client = dial();
    client.socket.write('a');
    await hears(client, 'a');
    proxy.reset();
    await eventually('the client is told', () => client.error() === 'ECONNRESET');
    const next = dial();
    next.socket.write('n');
    await hears(next, 'n');
  });

  it('refuses new connections, keeps the old, and listens again on the same port', async () => {
    const client = dial();
    client.socket.write('a');
    await hears(client, 'a');
    await proxy.refuse();
    const refused = dial();
    await eventually('it is refused', () => refused.error() === 'ECONNREFUSED');
    client.socket.write('b');
    await hears(client, 'ab');
    await proxy.pass();
    const next = dial();
    next.socket.write('n');
    await hears(next, 'n');
  });

  it('carries more than it may hold', async () => {
    const client = dial();
    const block = 'x'.repeat(256 * 1024);
    for (let i = 0; i < 16; i++) client.socket.write(block);
    await eventually('all came back', () => client.text().length === 16 * block.length);
  });
});
