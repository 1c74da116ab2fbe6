import 'reflect-metadata';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Body, Controller, Get, HttpCode, Module, Post, Req, Res } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import {
  AuthModule,
  authConfig,
  CurrentPrincipal,
  signToken,
  TokenVerifier,
  type Principal,
} from '@spillway/auth';
import { loadConfig } from '@spillway/config';
import type { ErrorCode, Problem } from '@spillway/contracts';
import { createHttpApp, MayBeAbsent, ProblemError } from '@spillway/http';
import { createLogger } from '@spillway/telemetry';
import { IsString } from 'class-validator';
import type { FastifyReply } from 'fastify';
import { exportJWK, generateKeyPair, type JWK } from 'jose';
import { CountedByHandler } from './counted-by-handler.js';
import { giveBackUnused } from './give-back-unused.js';
import { QuotaGuard, type CountedRequest } from './quota.guard.js';
import { QuotaModule } from './quota.module.js';
import { Quota } from './quota.js';

class NoteDto {
  @MayBeAbsent()
  @IsString()
  fail?: ErrorCode;
}

@Controller('notes')
class NotesController {
  constructor(private readonly quota: QuotaGuard) {}
  @Get()
  list() {
    return [];
  }
  @Post()
  @HttpCode(202)
  create(@Body() { fail }: NoteDto) {
    if (fail) throw new ProblemError(fail, 'On purpose.');
    return {};
  }
  @Post('three')
  @HttpCode(202)
  @CountedByHandler()
  async three(
    @CurrentPrincipal() principal: Principal,
    @Req() request: CountedRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    await this.quota.count(request, reply, principal, 3);
    return {};
  }
}

describe('QuotaGuard', () => {
  let app: NestFastifyApplication;
  let base: string;
  let jwk: JWK;
  let author = 0;

  beforeAll(async () => {
    const { publicKey, privateKey } = await generateKeyPair('EdDSA', { extractable: true });
    jwk = { ...(await exportJWK(privateKey)), kid: 'k1' };
    const verifier = new TokenVerifier({
      config: loadConfig(authConfig, { AUTH_JWKS: 'file:///x', AUTH_ISSUER: 'i', AUTH_AUDIENCE: 'a' }),
      keys: {
        find: () => Promise.resolve(publicKey),
        version: () => Promise.resolve(1),
        available: () => Promise.resolve(true),
      },
    });
    const quota = new Quota({
      leases: { take: ({ pool, held }) => Promise.resolve({ granted: pool - held, left: 0 }) },
      gateways: { count: 1 },
      ttlMs: 3_600_000,
      defaults: { tenant: 1_000, author: 4 },
      overrides: new Map(),
    });
    @Module({
      imports: [AuthModule.register(verifier), QuotaModule.register(quota)],
      controllers: [NotesController],
    })
    class NotesModule {}
    const logger = createLogger(
      { service: 'spec', instance: 'spec', level: 'error' },
      { write: () => undefined },
    );
    app = await createHttpApp({ module: NotesModule }, { logger });
    giveBackUnused(app.getHttpAdapter().getInstance());
    await app.listen(0, '127.0.0.1');
    base = await app.getUrl();
  });
  afterAll(() => app.close());

  const caller = async () => {
    const claims = {
      iss: 'i',
      aud: 'a',
      sub: `author-${author++}`,
      tenant: 'acme',
      roles: ['author' as const],
    };
    const token = await signToken(jwk, claims, 60_000);
    return (path = '/notes', body: object | string = {}, method = 'POST') =>
      fetch(base + path, {
        method,
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        ...(method === 'POST' ? { body: typeof body === 'string' ? body : JSON.stringify(body) } : {}),
      });
  };

  it('says on every answer what the quotas are and what is left', async () => {
    const send = await caller();
    const { status, headers } = await send();
    expect(status).toBe(202);
    expect(headers.get('ratelimit-policy')).toBe('"author";q=4;w=3600, "tenant";q=1000;w=3600');
    expect(headers.get('ratelimit')).toMatch(/^"author";r=3;t=\d{1,4}, "tenant";r=\d{1,4};t=\d{1,4}$/);
  });

  it('refuses what is more, before it looks at the body', async () => {
    const send = await caller();
    for (let n = 0; n < 4; n++) expect((await send()).status).toBe(202);
    const refused = await send('/notes', { unknown: 1 });
    expect(refused.status).toBe(429);
    const seconds = Number(/"author";r=0;t=(\d+)/.exec(refused.headers.get('ratelimit') ?? '')?.[1]);
    expect(seconds).toBeGreaterThan(0);
    expect(Number(refused.headers.get('retry-after'))).toBe(seconds);
    expect(refused.headers.get('content-type')).toMatch(/^application\/problem\+json/);
    const problem = (await refused.json()) as Problem;
    expect(problem).toMatchObject({ code: 'quota_exceeded', status: 429 });
    expect(problem.detail).toContain('This author may post and change 4 times in 3600 s');
    expect((await (await caller())()).status).toBe(202);
  });

  it('gives back what failed without effect, not what is unknown or was wrong', async () => {
    const send = await caller();
    for (let n = 0; n < 10; n++) expect((await send('/notes', { fail: 'broker_rejected' })).status).toBe(503);
    expect((await send('/notes', { fail: 'confirm_timeout' })).status).toBe(504);
    expect((await send('/notes', { unknown: 1 })).status).toBe(400);
    expect((await send()).status).toBe(202);
    expect((await send()).status).toBe(202);
    expect((await send()).status).toBe(429);
  });

  it('does not count reads', async () => {
    const send = await caller();
    for (let n = 0; n < 10; n++) expect((await send('/notes', {}, 'GET')).status).toBe(200);
    expect((await send()).headers.get('ratelimit')).toMatch(/^"author";r=3/);
  });

  it('counts as many as the handler says, all or nothing', async () => {
    const send = await caller();
    expect((await send('/notes/three')).headers.get('ratelimit')).toMatch(/^"author";r=1/);
    const refused = await send('/notes/three');
    expect(refused.status).toBe(429);
    expect(((await refused.json()) as Problem).detail).toContain('fewer than the 3 of this request are left');
    expect((await send()).status).toBe(202);
  });
});
