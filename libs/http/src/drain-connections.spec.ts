import 'reflect-metadata';
import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import { Controller, Get, Module, Post } from '@nestjs/common';
import { createLogger } from '@spillway/telemetry';
import { eventually } from '@spillway/testing';
import { createHttpApp } from './create-http-app.js';
import { listen } from './listen.js';

let finish: (() => void) | undefined;

@Controller('notes')
class NotesController {
  @Get()
  list() {
    return [];
  }
  @Post()
  create() {
    return {};
  }
  @Get('slow')
  async slow() {
    await new Promise<void>((resolve) => (finish = resolve));
    return { slow: true };
  }
}
@Module({ controllers: [NotesController] })
class NotesModule {}

async function open(url: string) {
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  let answer = '';
  socket.setEncoding('utf8').on('data', (chunk: string) => (answer += chunk));
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  await once(socket, 'connect');
  return { socket, closed, answer: () => answer };
}

/** Whether nobody listens any more. */
const isRefused = (url: string): Promise<boolean> =>
  open(url).then(
    ({ socket }) => {
      socket.destroy();
      return false;
    },
    () => true,
  );

describe('closing an app', () => {
  it('finishes what it began or was sent at that moment, refuses the rest as 503, and does not wait for silent connections', async () => {
    const logger = createLogger(
      { service: 'a', instance: 'a-1', level: 'error' },
      { write: () => undefined },
    );
    const app = await createHttpApp(NotesModule, { logger });
    await listen(app, { host: '127.0.0.1', port: 0 });
    const url = await app.getUrl();
    const silent = await open(url);
    const halves = await Promise.all(Array.from({ length: 12 }, () => open(url)));
    for (const half of halves) half.socket.write('GET /notes HTTP/1.1\r\nHost: x\r\n');
    const answerTo = async (half: (typeof halves)[number] | undefined): Promise<string> => {
      half?.socket.write('\r\n');
      await half?.closed;
      return half?.answer() ?? '';
    };
    const began = await open(url);
    began.socket.write('GET /notes/slow HTTP/1.1\r\nHost: x\r\n\r\n');
    const release = await eventually('the slow handler is reached', () => finish);

    const closed = app.close();
    await eventually('the port is closed', () => isRefused(url));
    expect(await answerTo(halves.pop())).toMatch(/^HTTP\/1\.1 200 [^]*connection: close[^]*\[\]$/i);
    const refused = await eventually('what comes later is refused', async () => {
      const answer = await answerTo(halves.pop());
      return answer.startsWith('HTTP/1.1 503') ? answer : null;
    });
    expect(refused).toMatch(/retry-after: 2[^]*"code":"shutting_down"/);
    await silent.closed;
    expect(silent.answer()).toBe('');
    release();
    await began.closed;
    expect(began.answer()).toMatch(/^HTTP\/1\.1 200 [^]*connection: close[^]*{"slow":true}$/i);
    await closed;
  });

  it('does not wait for a body that never comes', async () => {
    const logger = createLogger(
      { service: 'a', instance: 'a-1', level: 'error' },
      { write: () => undefined },
    );
    const app = await createHttpApp(NotesModule, { logger, requestTimeoutMs: 1000 });
    await listen(app, { host: '127.0.0.1', port: 0 });
    const url = await app.getUrl();
    const half = await open(url);
    // In one packet, so that the second request has begun when the first is answered.
    half.socket.write(
      'GET /notes HTTP/1.1\r\nHost: x\r\n\r\n' +
        'POST /notes HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{',
    );
    await eventually('the first request is answered', () => half.answer().endsWith('[]'));
    const closed = app.close();
    await half.closed;
    await closed;
  });
});
