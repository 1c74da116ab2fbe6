import 'reflect-metadata';
import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller, Get, Module, Post, type CanActivate } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { createLogger } from '@spillway/telemetry';
import { eventually } from '@spillway/testing';
import { createHttpApp } from './create-http-app.js';
import { ProblemError } from './problem-error.js';

const TEXT = '{"text":"größer, 大きい 🎉"}';
const BYTES = Buffer.from(TEXT).toString('latin1');

@Controller('notes')
class NotesController {
  @Get()
  list() {
    return { by: 'route' };
  }
  @Post()
  create() {
    return {};
  }
}
@Module({ controllers: [NotesController] })
class NotesModule {}

const refusing: CanActivate = {
  canActivate() {
    throw new ProblemError('unauthenticated', 'Nobody is let in.');
  },
};

describe('a shortcut', () => {
  const lines: Record<string, unknown>[] = [];
  let app: NestFastifyApplication;
  let base: string;

  beforeAll(async () => {
    const logger = createLogger(
      { service: 'notes', instance: 'notes-1', level: 'info' },
      { write: (line: string) => void lines.push(JSON.parse(line) as Record<string, unknown>) },
    );
    app = await createHttpApp(NotesModule, {
      logger,
      successLogRatio: 1,
      shortcut: ({ raw }) => {
        const headers = ['content-type', 'application/json', 'content-length', String(BYTES.length)];
        if (raw.url === '/notes?ready') return { status: 200, headers, body: BYTES };
        return raw.url === '/notes?same' ? { status: 304, headers: ['etag', '"a"'], body: '' } : undefined;
      },
    });
    app.useGlobalGuards(refusing);
    await app.listen(0, '127.0.0.1');
    base = await app.getUrl();
  });
  afterAll(() => app.close());

  it('answers before the guards, byte by byte, with what every answer has', async () => {
    const answer = await fetch(`${base}/notes?ready`, { headers: { 'x-request-id': 'ready-1' } });
    expect([answer.status, await answer.text()]).toEqual([200, TEXT]);
    expect(answer.headers.get('x-request-id')).toBe('ready-1');
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
    const line = await eventually('it is logged', () => lines.find((l) => l['requestId'] === 'ready-1'));
    expect(line).toMatchObject({ route: '/notes', method: 'GET', status: 200 });
  });

  it('may answer without a body', async () => {
    const answer = await fetch(`${base}/notes?same`);
    expect([answer.status, await answer.text(), answer.headers.get('etag')]).toEqual([304, '', '"a"']);
  });

  it('leaves to the route what it does not answer', async () => {
    expect((await fetch(`${base}/notes`)).status).toBe(401);
  });

  it('is not asked for a request with a body', async () => {
    const sent = await fetch(`${base}/notes?ready`, {
      ...{ method: 'POST', body: '{}', headers: { 'content-type': 'application/json' } },
    });
    expect(sent.status).toBe(401);
    const { port } = new URL(base);
    const socket = connect(Number(port), '127.0.0.1');
    let text = '';
    socket.setEncoding('latin1').on('data', (chunk: string) => (text += chunk));
    socket.write(
      'GET /notes?ready HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}',
    );
    await once(socket, 'close');
    expect(text).toMatch(/^HTTP\/1\.1 401 /);
  });

  it('gives a connection back for the next request', async () => {
    const { port } = new URL(base);
    const socket = connect(Number(port), '127.0.0.1');
    let text = '';
    socket.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
    const ask = (more = '') => `GET /notes?ready HTTP/1.1\r\nHost: x\r\n${more}\r\n`;
    socket.write(ask() + ask() + ask('Connection: close\r\n'));
    await once(socket, 'close');
    expect(text.split(TEXT)).toHaveLength(4);
  });
});
