import { readFileSync } from 'node:fs';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Worker } from 'node:worker_threads';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Module } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { quietLogger } from '@spillway/testing';
import { createHttpApp } from './create-http-app.js';
import { listen } from './listen.js';

@Module({})
class Empty {}

const CROWD = 1_500;
const DEADLINE_MS = 10_000;
const CONNECT = `
  const { connect } = require('node:net');
  const { parentPort, workerData: { port, crowd } } = require('node:worker_threads');
  const sockets = Array.from({ length: crowd }, () => connect(port, '127.0.0.1').on('error', () => undefined));
  parentPort.once('message', () => sockets.forEach((socket) => socket.destroy()));
`;

/** Whether a line of `/proc/net/tcp` (proc(5)) is of a socket that listens on a port. */
const listensAt = (port: number) => {
  const local = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  return (line: string): boolean => {
    const [, address, , state] = line.trim().split(/\s+/);
    return state === '0A' && address?.endsWith(local) === true;
  };
};

/** How many connections wait in the kernel for those sockets. */
const waitingFor = (port: number): number =>
  readFileSync('/proc/net/tcp', 'utf8')
    .split('\n')
    .filter(listensAt(port))
    .reduce((sum, line) => sum + parseInt(line.trim().split(/\s+/)[4]?.split(':')[1] ?? '', 16), 0);

/** Connections made by another thread; ends them, and the thread. */
function crowdAt(port: number): () => Promise<void> {
  const crowd = new Worker(CONNECT, { eval: true, workerData: { port, crowd: CROWD } });
  const ended = new Promise<void>((resolve) => crowd.once('exit', () => resolve()));
  return () => {
    crowd.postMessage('end');
    return ended;
  };
}

/** Takes the time of this thread, as work would. */
function work(ms: number): void {
  for (const until = performance.now() + ms; performance.now() < until;);
}

describe('listen', () => {
  let app: NestFastifyApplication;
  let server: Server;
  let port: number;

  beforeEach(async () => {
    app = await createHttpApp(Empty, { logger: quietLogger });
    await listen(app, { host: '127.0.0.1', port: 0 });
    server = app.getHttpServer();
    ({ port } = server.address() as AddressInfo);
  });
  afterEach(() => app.close());

  it('lets a crowd wait in the kernel while the process is busy', async () => {
    const end = crowdAt(port);
    // This thread takes no connection as long as it is in this loop.
    const until = performance.now() + DEADLINE_MS;
    let most = 0;
    while (most < CROWD && performance.now() < until) {
      most = Math.max(most, waitingFor(port));
      work(20);
    }
    await end();
    expect(most).toBe(CROWD);
  });

  it('takes a crowd in few turns, however long they are', async () => {
    let taken = 0;
    server.on('connection', () => taken++);
    const end = crowdAt(port);
    const until = performance.now() + DEADLINE_MS;
    let turns = 0;
    while (taken < CROWD && performance.now() < until) {
      await new Promise((resolve) => setImmediate(resolve));
      if (taken > 0) turns++;
      work(5);
    }
    await end();
    expect(taken).toBe(CROWD);
    expect(turns).toBeLessThan(CROWD / 4);
  });

  it('refuses an address at which somebody listens', async () => {
    const second = await createHttpApp(Empty, { logger: quietLogger });
    await expect(listen(second, { host: '127.0.0.1', port })).rejects.toMatchObject({ code: 'EADDRINUSE' });
    await second.close();
  });

  it('leaves nobody who listens when the app closes', async () => {
    await app.close();
    const { length } = readFileSync('/proc/net/tcp', 'utf8').split('\n').filter(listensAt(port));
    expect(length).toBe(0);
  });
});
