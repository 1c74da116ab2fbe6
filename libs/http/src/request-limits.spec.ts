import 'reflect-metadata';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { Controller, Get, Module, Post, Req } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyRequest } from 'fastify';
import type { Problem } from '@spillway/contracts';
import { createLogger } from '@spillway/telemetry';
import { eventually } from '@spillway/testing';
import { clientAddress, parseProxies } from './client-address.js';
import { createHttpApp } from './create-http-app.js';
import { FailureLimit } from './failure-limit.js';
import { heldNow, holdTime } from './hold-time.js';
import { ProblemError } from './problem-error.js';
import type { HttpLimits } from './request-limits.js';

/** What the slow handler waits for. */
let gate = Promise.withResolvers<undefined>();

@Controller()
class NotesController {
  @Post('slow')
  async slow() {
    await gate.promise;
    return {};
  }
  @Post('held')
  async held(@Req() request: FastifyRequest) {
    const goOn = holdTime(request);
    await gate.promise;
    goOn();
    return {};
  }
  @Post('notes')
  create() {
    return {};
  }
  @Get('secret')
  secret() {
    throw new ProblemError('unauthenticated', 'No.');
  }
}
@Module({ controllers: [NotesController] })
class NotesModule {}

const ROOMY: HttpLimits = {
  httpMaxConnections: 1_000,
  httpMaxRequests: 1_000,
  httpMaxBusy: 1_000,
  httpMaxBodyBytes: 1 << 20,
  httpMaxFailures: 0,
  httpTrustedProxies: parseProxies('127.0.0.1'),
};
const logger = createLogger({ service: 's', instance: 's-1', level: 'error' }, { write: () => undefined });

describe('the limits of a process', () => {
  let app: NestFastifyApplication;
  let base: URL;
  const sockets: Socket[] = [];
  const start = async (limits: Partial<HttpLimits>): Promise<void> => {
    app = await createHttpApp(NotesModule, { logger, limits: { ...ROOMY, ...limits } });
    await app.listen(0, '127.0.0.1');
    base = new URL(await app.getUrl());
  };
  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.destroy();
    await app.close();
  });

  /** A request whose body has been announced and does not come. */
  const hanging = async (bytes: number): Promise<Socket> => {
    const socket = connect(Number(base.port), '127.0.0.1');
    sockets.push(socket);
    await once(socket, 'connect');
    const head = `POST /notes HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${bytes}\r\n\r\n{`;
    socket.write(head);
    return socket;
  };
  const send = (path = '/notes', headers: Record<string, string> = {}): Promise<Response> =>
    path !== '/secret'
      ? fetch(new URL(path, base), {
          method: 'POST',
          body: '{}',
          headers: { 'content-type': 'application/json' },
        })
      : fetch(new URL(path, base), { headers });

  it('refuses more requests than it holds at once, before their body, and takes them again', async () => {
    await start({ httpMaxRequests: 3 });
    await Promise.all([hanging(100), hanging(100), hanging(100)]);
    const refused = await eventually('a request is refused', async () => {
      const answer = await send();
      return answer.status === 503 ? answer : null;
    });
    expect(refused.headers.get('retry-after')).toBe('1');
    expect(((await refused.json()) as Problem).code).toBe('overloaded');
    const late = await hanging(60_000);
    const [answer] = (await once(late, 'data')) as [Buffer];
    expect(answer.toString()).toContain('503');
    sockets[0]?.destroy();
    await eventually('there is room again', async () => (await send()).status === 201);
  });

  it('refuses what it cannot do in time, and counts neither slow bodies nor requests that wait on purpose', async () => {
    gate = Promise.withResolvers();
    await start({ httpMaxBusy: 2 });
    await Promise.all([hanging(100), hanging(100)]);
    const held = [send('/held'), send('/held')];
    await eventually('two wait on purpose', () => heldNow() === 2);
    const slow = [send('/slow'), send('/slow')];
    const refused = await eventually('a request is refused', async () => {
      const answer = await send();
      return answer.status === 503 ? answer : null;
    });
    expect(refused.headers.get('retry-after')).toBe('1');
    expect(((await refused.json()) as Problem).code).toBe('overloaded');
    gate.resolve(undefined);
    expect(await Promise.all([...held, ...slow].map(async (one) => (await one).status))).toEqual(
      Array(4).fill(201),
    );
    await eventually('there is room again', async () => (await send()).status === 201);
    expect(heldNow()).toBe(0);
  });

  it('refuses more bytes of bodies than it holds at once', async () => {
    await start({ httpMaxBodyBytes: 100_000 });
    await Promise.all([hanging(50_000), hanging(49_990)]);
    await eventually('no body has room', async () => (await send('/notes')).status === 201);
    const refused = await hanging(20);
    const [answer] = (await once(refused, 'data')) as [Buffer];
    expect(answer.toString()).toContain('"overloaded"');
    expect((await send('/secret')).status).toBe(401);
  });

  it('closes connections that are too many', async () => {
    await start({ httpMaxConnections: 2 });
    await Promise.all([hanging(10), hanging(10)]);
    const third = connect(Number(base.port), '127.0.0.1');
    third.on('error', () => undefined).resume();
    await eventually('the third is closed', () => third.closed);
    expect(third.bytesRead).toBe(0);
  });

  it('refuses an address after too many answers 401, and believes only a trusted proxy who that is', async () => {
    await start({ httpMaxFailures: 3 });
    const from = (address: string): Promise<Response> => send('/secret', { 'x-forwarded-for': address });
    for (let n = 0; n < 3; n++) expect((await from('192.0.2.1')).status).toBe(401);
    const refused = await eventually('the address is refused', async () => {
      const answer = await from('192.0.2.1');
      return answer.status === 429 ? answer : null;
    });
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(((await refused.json()) as Problem).code).toBe('too_many_failures');
    expect((await from('192.0.2.2')).status).toBe(401);
    expect((await from('192.0.2.1, 192.0.2.3')).status).toBe(401);
    await app.close();
    await start({ httpMaxFailures: 1, httpTrustedProxies: parseProxies('') });
    expect((await from('192.0.2.1')).status).toBe(401);
    await eventually('the peer is refused', async () => (await from('192.0.2.9')).status === 429);
  });
});

describe('FailureLimit', () => {
  it('forgets at the end of the window, and holds a bounded number of addresses', () => {
    const limit = new FailureLimit(2);
    limit.failed('a', 0);
    expect(limit.refusedFor('a', 1)).toBe(0);
    limit.failed('a', 5_000);
    expect(limit.refusedFor('a', 5_000)).toBe(5);
    expect(limit.refusedFor('a', 10_000)).toBe(0);
    expect(limit.idle).toBe(true);
    for (let n = 0; n < 30_000; n++) {
      limit.failed(`x${n}`, 0);
      limit.failed(`x${n}`, 0);
    }
    expect(limit.refusedFor('x0', 0)).toBe(0);
    expect(limit.refusedFor('x29999', 0)).toBe(10);
  });
});

describe('clientAddress', () => {
  const from = (peer: string, forwarded: string | undefined, proxies: string): string =>
    clientAddress(
      {
        socket: { remoteAddress: peer },
        headers: forwarded === undefined ? {} : { 'x-forwarded-for': forwarded },
      },
      parseProxies(proxies),
    );
  it.each([
    ['10.1.2.3', '192.0.2.1', '10.0.0.0/8', '192.0.2.1'],
    ['10.1.2.3', 'made up, 192.0.2.1', '10.0.0.0/8', '192.0.2.1'],
    ['::1', '2001:db8::1', '::1', '2001:db8::1'],
    ['::ffff:10.1.2.3', '192.0.2.1', '10.0.0.0/8', '192.0.2.1'],
    ['11.1.2.3', '192.0.2.1', '10.0.0.0/8', '11.1.2.3'],
    ['10.1.2.3', 'nonsense', '10.0.0.0/8', '10.1.2.3'],
    ['10.1.2.3', undefined, '10.0.0.0/8', '10.1.2.3'],
  ])('of %s saying %s behind %s is %s', (peer, forwarded, proxies, expected) => {
    expect(from(peer, forwarded, proxies)).toBe(expected);
  });
  it.each(['x', '10.0.0.0/33', '10.0.0.0/8/8', '10.0.0.0/', '::1/129', ',', '10.0.0.1,'])(
    'refuses the list %j',
    (list) => expect(() => parseProxies(list)).toThrow('must be'),
  );
});
