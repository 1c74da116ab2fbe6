import 'reflect-metadata';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller, ForbiddenException, HttpCode, Module, Post, Req, UseGuards } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { Problem } from '@spillway/contracts';
import { createLogger } from '@spillway/telemetry';
import type { FastifyRequest } from 'fastify';
import { bodyItems } from './body-items.js';
import { BulkBody } from './bulk-body.js';
import { createHttpApp } from './create-http-app.js';
import { ProblemError } from './problem-error.js';

const SMALL = 256;
const LARGE = 1024;
const MOST = 3;

const nobody = {
  canActivate: () => {
    throw new ForbiddenException();
  },
};

@Controller('v1/lists')
class ListsController {
  @Post()
  @HttpCode(202)
  @BulkBody({ maxBytes: LARGE, maxItems: MOST })
  take(@Req() request: FastifyRequest) {
    const items = bodyItems(request);
    return Array.from({ length: items.length }, (_, index) => {
      try {
        return items.read(index);
      } catch (error) {
        if (error instanceof ProblemError) return { code: error.code, at: error.errors?.[0]?.pointer };
        throw error;
      }
    });
  }
  @Post('single')
  single() {
    return {};
  }
  @Post('guarded')
  @UseGuards(nobody)
  @BulkBody({ maxBytes: LARGE, maxItems: MOST })
  guarded() {
    return {};
  }
}
@Module({ controllers: [ListsController] })
class ListsModule {}

const logger = createLogger(
  { service: 'lists', instance: 'lists-1', level: 'info' },
  { write: () => undefined },
);

describe('a list as a body', () => {
  let app: NestFastifyApplication;
  let base: string;
  beforeAll(async () => {
    app = await createHttpApp(ListsModule, { logger, bodyLimitBytes: SMALL });
    await app.listen(0, '127.0.0.1');
    base = await app.getUrl();
  });
  afterAll(() => app.close());

  const send = (body: string | Uint8Array<ArrayBuffer>, type = 'application/json', path = '') =>
    fetch(`${base}/v1/lists${path}`, { method: 'POST', body, headers: { 'content-type': type } });
  const answerOf = async (response: Promise<Response>): Promise<unknown> => (await response).json();
  const codeOf = async (response: Promise<Response>): Promise<string> =>
    ((await (await response).json()) as Problem).code;

  it('is a JSON array or NDJSON', async () => {
    expect(await answerOf(send('[{"a":1},2]'))).toEqual([{ a: 1 }, 2]);
    expect(await answerOf(send('{"a":1}\r\n\n2', 'application/x-ndjson; charset=utf-8'))).toEqual([
      { a: 1 },
      2,
    ]);
    expect(await answerOf(send('[]'))).toEqual([]);
    expect(await answerOf(send('', 'application/x-ndjson'))).toEqual([]);
  });

  it('has mistakes item by item, with pointers into the item', async () => {
    const bad = new Uint8Array([
      ...Buffer.from('{"a":"'),
      0xff,
      ...Buffer.from('"}\nnot json\n{"b":{"__proto__":1}}'),
    ]);
    expect(await answerOf(send(bad, 'application/x-ndjson'))).toEqual([
      { code: 'malformed_json' },
      { code: 'malformed_json' },
      { code: 'invalid_request', at: '/b/__proto__' },
    ]);
    expect(await answerOf(send('[1,{"constructor":1}]'))).toEqual([
      1,
      { code: 'invalid_request', at: '/constructor' },
    ]);
  });

  it.each([
    ['', 'malformed_json'],
    ['[1,', 'malformed_json'],
    ['\ufeff[]', 'malformed_json'],
    ['{"a":1}', 'invalid_request'],
    ['null', 'invalid_request'],
    ['[1,2,3,4]', 'payload_too_large'],
  ])('as JSON %j is %s as a whole', async (body, code) => expect(await codeOf(send(body))).toBe(code));

  it('as NDJSON has the same limit of items', async () => {
    expect((await send('1\n2\n3', 'application/x-ndjson')).status).toBe(202);
    expect(await codeOf(send('1\n2\n3\n4', 'application/x-ndjson'))).toBe('payload_too_large');
  });

  it.each(['application/json', 'application/x-ndjson'])('as %s has its own limit of bytes', async (type) => {
    const sized = (bytes: number): string => `["${'x'.repeat(bytes - 4)}"]`;
    expect((await send(sized(LARGE - 1), type)).status).toBe(202);
    expect((await send(sized(LARGE), type)).status).toBe(202);
    expect(await codeOf(send(sized(LARGE + 1), type))).toBe('payload_too_large');
    expect(await codeOf(send(sized(SMALL + 1), 'application/json', '/single'))).toBe('payload_too_large');
  });

  it('is nothing for other routes, nor of another type', async () => {
    expect(await codeOf(send('1', 'application/x-ndjson', '/single'))).toBe('unsupported_media_type');
    for (const type of ['text/plain', 'application/x-ndjson;\tcharset=utf-8', 'application/jsonl'])
      expect(await codeOf(send('1', type))).toBe('unsupported_media_type');
  });

  it('is not parsed for who may not send it', async () => {
    expect((await send('not json', 'application/json', '/guarded')).status).toBe(403);
  });
});
