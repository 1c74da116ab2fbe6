import 'reflect-metadata';
import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Body, Controller, Get, HttpCode, Module, Param, Post, Query } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { Problem } from '@spillway/contracts';
import { createLogger } from '@spillway/telemetry';
import { eventually } from '@spillway/testing';
import { createHttpApp } from './create-http-app.js';
import { ProblemError } from './problem-error.js';
import { IntegerText, MayBeAbsent, TextLength } from './text-rules.js';

const LIMIT = 1024;

class NoteBody {
  @TextLength(1, 10_000) content = '';
  @MayBeAbsent() @TextLength(1, 5, { each: true }) tags?: string[];
}
class NoteQuery {
  @MayBeAbsent() @IntegerText(1, 100) limit?: number;
}

let created = 0;

@Controller('v1/notes')
class NotesController {
  @Post()
  @HttpCode(202)
  create(@Body() body: NoteBody) {
    created++;
    return body;
  }
  @Get()
  list(@Query() query: NoteQuery) {
    return { limit: query.limit ?? 20 };
  }
  @Get('broken')
  broken() {
    throw Object.assign(new Error('the password is swordfish'), { detail: 'swordfish' });
  }
  @Get('refused')
  refused() {
    throw new ProblemError('broker_unavailable', 'The broker is away. Nothing was stored; send it again.');
  }
  @Get(':id')
  one(@Param('id') id: string) {
    return { id };
  }
}
@Module({ controllers: [NotesController] })
class NotesModule {}

const lines: Record<string, unknown>[] = [];
const logger = createLogger(
  { service: 'notes', instance: 'notes-1', level: 'info' },
  {
    write: (line: string) => void lines.push(JSON.parse(line) as Record<string, unknown>),
  },
);

describe('createHttpApp', () => {
  let app: NestFastifyApplication;
  let base: string;
  beforeAll(async () => {
    app = await createHttpApp(NotesModule, {
      logger,
      bodyLimitBytes: LIMIT,
      requestTimeoutMs: 1500,
      successLogRatio: 1,
    });
    await app.listen(0, '127.0.0.1');
    base = await app.getUrl();
  });
  afterAll(() => app.close());

  const json = { 'content-type': 'application/json' };
  const send = (
    body: string | Uint8Array<ArrayBuffer>,
    headers: Record<string, string> = json,
    method = 'POST',
  ) => fetch(`${base}/v1/notes`, { method, body, headers });

  async function problemOf(response: Response): Promise<Problem> {
    expect(response.headers.get('content-type')).toMatch(/^application\/problem\+json/);
    const body = (await response.json()) as Problem;
    expect(body.status).toBe(response.status);
    expect(body.requestId).toBe(response.headers.get('x-request-id'));
    expect(body.type).toBe(`urn:spillway:error:${body.code}`);
    return body;
  }

  /** Sends bytes as they are and reads until the server closes. */
  async function raw(text: string): Promise<string> {
    const { port } = new URL(base);
    const socket = connect(Number(port), '127.0.0.1');
    socket.on('error', () => undefined);
    let answer = '';
    socket.setEncoding('utf8').on('data', (chunk: string) => (answer += chunk));
    socket.write(text);
    await once(socket, 'close');
    return answer;
  }

  describe('bodies', () => {
    it.each([
      [LIMIT - 1, 202],
      [LIMIT, 202],
      [LIMIT + 1, 413],
    ])('of %i bytes are answered with %i', async (size, status) => {
      const frame = '{"content":""}';
      const response = await send(frame.replace('""', JSON.stringify('x'.repeat(size - frame.length))));
      expect(response.status).toBe(status);
      if (status === 413) expect((await problemOf(response)).code).toBe('payload_too_large');
    });

    it('is limited when its length is not announced', async () => {
      const answer = await raw(
        `POST /v1/notes HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n1000\r\n${'x'.repeat(0x1000)}\r\n0\r\n\r\n`,
      );
      expect(answer).toMatch(/^HTTP\/1\.1 413 /);
    });

    it.each([
      'application/json',
      'application/json; charset=utf-8',
      'application/json;charset=UTF-8',
      'APPLICATION/JSON ; charset="utf-8"',
    ])('are taken as %s', async (type) => {
      expect((await send('{"content":"hi"}', { 'content-type': type })).status).toBe(202);
    });

    it.each([
      'text/plain',
      'application/x-www-form-urlencoded',
      'multipart/form-data; boundary=x',
      'application/json\t; charset=utf-8',
      'application/json\t',
      'application/json;\tcharset=utf-8',
      'application/json; charset=utf-16',
      'application/json; foo=bar',
      'application/json, text/plain',
      'application/jsonp',
      'application/vnd.api+json',
      'text/json',
      ' ',
    ])('are refused as %j', async (type) => {
      const answer = await raw(
        `POST /v1/notes HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: ${type}\r\nContent-Length: 16\r\n\r\n{"content":"hi"}`,
      );
      // The parser of Node strips blanks around a header's value: that form is plain JSON.
      expect(answer).toMatch(type.trim() === 'application/json' ? /^HTTP\/1\.1 202 / : /^HTTP\/1\.1 415 /);
    });

    it('are refused without a type, and compressed', async () => {
      expect((await problemOf(await send(new TextEncoder().encode('{"content":"hi"}'), {}))).code).toBe(
        'unsupported_media_type',
      );
      expect((await send('{"content":"hi"}', { ...json, 'content-encoding': 'gzip' })).status).toBe(415);
    });

    it.each([
      ['{"content":', 'malformed_json'],
      ['', 'malformed_json'],
      ['"text"', 'invalid_request'],
      ['null', 'invalid_request'],
      ['[]', 'invalid_request'],
      ['{"__proto__":{"content":"x"}}', 'invalid_request'],
      ['{"content":"hi","constructor":1}', 'invalid_request'],
    ])('%s is 400 %s', async (body, code) => {
      const response = await send(body);
      expect(response.status).toBe(400);
      expect((await problemOf(response)).code).toBe(code);
    });

    it('that are not UTF-8 are malformed_json', async () => {
      expect((await problemOf(await send(Uint8Array.from([0x22, 0xc3, 0x28, 0x22])))).code).toBe(
        'malformed_json',
      );
    });

    it('point at the entry that is wrong', async () => {
      const { errors } = await problemOf(
        await send('{"content":"hi","tags":["a","b","c","far too long"],"x":1}'),
      );
      expect(errors?.map(({ pointer }) => pointer)).toEqual(['/x', '/tags/3']);
    });

    it('that do not arrive in time are answered with 408', async () => {
      const answer = await raw(
        'POST /v1/notes HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 50\r\n\r\n{"con',
      );
      expect(answer).toMatch(/^HTTP\/1\.1 408 /);
      expect(answer).toContain('"code":"request_timeout"');
    });

    it('that were answered with 408 are not carried out when the rest comes after all', async () => {
      const body = JSON.stringify({ content: 'late' });
      const { port } = new URL(base);
      // It keeps its half open, as a proxy may.
      const socket = connect({ host: '127.0.0.1', port: Number(port), allowHalfOpen: true });
      socket.on('error', () => undefined);
      const closed = once(socket, 'close');
      socket.write(
        `POST /v1/notes HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n`,
      );
      await once(socket, 'data');
      const before = created;
      socket.end(body);
      await closed;
      expect((await send(JSON.stringify({ content: 'next' }))).status).toBe(202);
      expect(created).toBe(before + 1);
    });
  });

  describe('addresses', () => {
    it('takes numbers from the query and refuses what it does not know', async () => {
      expect(await (await fetch(`${base}/v1/notes?limit=5`)).json()).toEqual({ limit: 5 });
      expect((await problemOf(await fetch(`${base}/v1/notes?limit=101`))).errors).toEqual([
        { pointer: '?limit', detail: 'must be a whole number from 1 to 100' },
      ]);
      expect((await problemOf(await fetch(`${base}/v1/notes?offset=1`))).errors?.[0]?.pointer).toBe(
        '?offset',
      );
      expect((await fetch(`${base}/v1/notes?__proto__=1`)).status).toBe(400);
    });

    it.each([
      ['GET', '/nothing', 404, 'not_found'],
      ['POST', '/v1/notes/', 404, 'not_found'],
      ['GET', '/v1/%6eothing', 404, 'not_found'],
      ['GET', '/v1/NOTES', 404, 'not_found'],
      ['DELETE', '/v1/notes', 405, 'method_not_allowed'],
      ['OPTIONS', '/v1/notes', 405, 'method_not_allowed'],
      ['GET', '/v1/notes/%zz', 400, 'invalid_request'],
      ['GET', `/v1/notes/${'x'.repeat(129)}`, 414, 'uri_too_long'],
    ])('%s %s is %i', async (method, path, status, code) => {
      const response = await fetch(base + path, { method });
      expect(response.status).toBe(status);
      expect((await problemOf(response)).code).toBe(code);
      if (status === 405) expect(response.headers.get('allow')).toBe('GET, HEAD, POST');
    });

    it('answers HEAD like GET without a body', async () => {
      const response = await fetch(`${base}/v1/notes/7`, { method: 'HEAD' });
      expect([response.status, await response.text()]).toEqual([200, '']);
    });

    it('answers what is no HTTP, and headers without end, with problems too', async () => {
      expect(await raw('NONSENSE\r\n\r\n')).toMatch(/^HTTP\/1\.1 400 [^]*"code":"invalid_request"/);
      expect(await raw(`GET / HTTP/1.1\r\nHost: x\r\nX-Long: ${'x'.repeat(20_000)}\r\n\r\n`)).toMatch(
        /^HTTP\/1\.1 431 [^]*"code":"headers_too_large"/,
      );
    });
  });

  describe('answers', () => {
    it('echo a harmless request id and replace any other', async () => {
      const idFor = async (given: string) =>
        (await fetch(`${base}/v1/notes/7`, { headers: { 'x-request-id': given } })).headers.get(
          'x-request-id',
        );
      expect(await idFor('edge-42')).toBe('edge-42');
      for (const bad of ['', 'a b', 'x'.repeat(65), '../../etc', '<script>'])
        expect(await idFor(bad)).toMatch(/^[0-9a-f-]{36}$/);
    });

    it('are not sniffed, and errors are not stored', async () => {
      expect((await fetch(`${base}/v1/notes/7`)).headers.get('x-content-type-options')).toBe('nosniff');
      expect((await fetch(`${base}/nothing`)).headers.get('cache-control')).toBe('no-store');
    });

    it('say when to come back after a 503', async () => {
      const response = await fetch(`${base}/v1/notes/refused`);
      expect([response.status, response.headers.get('retry-after')]).toEqual([503, '2']);
    });

    it('tell nothing of an error nobody expected, which is in the log', async () => {
      const response = await fetch(`${base}/v1/notes/broken`, { headers: { 'x-request-id': 'broken-1' } });
      const text = await response.text();
      expect([response.status, text.includes('swordfish')]).toEqual([500, false]);
      const line = lines.find((l) => l['requestId'] === 'broken-1' && 'err' in l);
      expect(line).toMatchObject({ level: 'error', err: { message: 'the password is swordfish' } });
    });
  });

  describe('the log', () => {
    /** Lines are written when the connection has taken the answer, which may be after the client has it. */
    const lineOf = (requestId: string) =>
      eventually(`the log has a line of ${requestId}`, () =>
        lines.find((line) => line['requestId'] === requestId && 'status' in line),
      );

    it('has one line per request, with the route and not the address', async () => {
      await fetch(`${base}/v1/notes/7?token=swordfish`, { headers: { 'x-request-id': 'log-1' } });
      const line = await lineOf('log-1');
      expect(line).toMatchObject({
        level: 'info',
        service: 'notes',
        method: 'GET',
        route: '/v1/notes/:id',
        status: 200,
      });
      expect(JSON.stringify(line)).not.toContain('swordfish');
    });

    it('has errors of the router too', async () => {
      await fetch(`${base}/v1/notes/%zz`, { headers: { 'x-request-id': 'log-2' } });
      expect(await lineOf('log-2')).toMatchObject({ route: 'none', status: 400 });
    });
  });
});
