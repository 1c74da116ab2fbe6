import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { Worker } from 'node:worker_threads';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
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

/** How many connections wait in the kernel for the socket that listens on a port (proc(5), `/proc/net/tcp`). */
function waitingFor(port: number): number {
  const local = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  for (const line of readFileSync('/proc/net/tcp', 'utf8').split('\n')) {
    const [, address, , state, queues] = line.trim().split(/\s+/);
    if (address?.endsWith(local) && state === '0A') return parseInt(queues?.split(':')[1] ?? '', 16);
  }
  return Number.NaN;
}

let app: NestFastifyApplication;
beforeAll(async () => {
  app = await createHttpApp(Empty, { logger: quietLogger });
  await listen(app, { host: '127.0.0.1', port: 0 });
});
afterAll(() => app.close());

it('lets a crowd wait in the kernel while the process is busy', async () => {
  const { port } = app.getHttpServer().address() as AddressInfo;
  const crowd = new Worker(CONNECT, { eval: true, workerData: { port, crowd: CROWD } });
  // This thread takes no connection as long as it is in this loop.
  const until = performance.now() + DEADLINE_MS;
  let most = 0;
  const look = new Int32Array(new SharedArrayBuffer(4));
  while (most < CROWD && performance.now() < until) {
    most = Math.max(most, waitingFor(port));
    Atomics.wait(look, 0, 0, 20);
  }
  const ended = new Promise((resolve) => crowd.once('exit', resolve));
  crowd.postMessage('end');
  await ended;
  expect(most).toBe(CROWD);
});
