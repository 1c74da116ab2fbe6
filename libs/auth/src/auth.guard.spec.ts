import 'reflect-metadata';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  Catch,
  Controller,
  Get,
  Module,
  Post,
  type ArgumentsHost,
  type ExceptionFilter,
  type INestApplication,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { loadConfig } from '@spillway/config';
import { exportJWK, generateKeyPair, type JWK } from 'jose';
import { AuthError } from './auth-error.js';
import { AuthModule } from './auth.module.js';
import { authConfig } from './config.js';
import { CurrentPrincipal, Public, RequireRoles } from './decorators.js';
import type { Principal, Role } from './principal.js';
import { signToken } from './sign-token.js';
import { TokenVerifier } from './token-verifier.js';

@Controller('notes')
class NotesController {
  @Get()
  list(@CurrentPrincipal() principal: Principal) {
    return { sub: principal.sub, tenant: principal.tenant };
  }
  @Post()
  @RequireRoles('author', 'importer')
  create() {
    return {};
  }
  @Get('open')
  @Public()
  open() {
    return {};
  }
}
@Controller('operations')
@RequireRoles('operator')
class OperationsController {
  @Get()
  list() {
    return {};
  }
  @Get('open')
  @Public()
  open() {
    return {};
  }
}

@Catch(AuthError)
class StatusFilter implements ExceptionFilter<AuthError> {
  catch({ code, headers }: AuthError, host: ArgumentsHost): void {
    const reply = host.switchToHttp().getResponse<{
      code(status: number): { headers(values: object): { send(body: object): void } };
    }>();
    reply
      .code(code === 'unauthenticated' ? 401 : 403)
      .headers(headers)
      .send({ code });
  }
}

describe('AuthGuard', () => {
  let app: INestApplication;
  let base: string;
  let jwk: JWK;
  beforeAll(async () => {
    const { publicKey, privateKey } = await generateKeyPair('EdDSA', { extractable: true });
    jwk = { ...(await exportJWK(privateKey)), kid: 'k1' };
    const verifier = new TokenVerifier({
      config: loadConfig(authConfig, {
        AUTH_JWKS: 'file:///jwks.json',
        AUTH_ISSUER: 'issuer',
        AUTH_AUDIENCE: 'spillway',
      }),
      keys: {
        find: (kid) => Promise.resolve(kid === 'k1' ? publicKey : undefined),
        version: () => Promise.resolve(1),
        available: () => Promise.resolve(true),
      },
    });
    @Module({
      imports: [AuthModule.register(verifier)],
      controllers: [NotesController, OperationsController],
    })
    class NotesModule {}
    app = await NestFactory.create(NotesModule, new FastifyAdapter(), { logger: false });
    app.useGlobalFilters(new StatusFilter());
    await app.listen(0, '127.0.0.1');
    base = await app.getUrl();
  });
  afterAll(() => app.close());

  const tokenFor = (...roles: Role[]) =>
    signToken(jwk, { iss: 'issuer', aud: 'spillway', sub: 'eve', tenant: 'acme', roles }, 60_000);
  const call = async (method: string, path: string, roles?: Role[]) =>
    fetch(base + path, {
      method,
      headers: roles ? { authorization: `Bearer ${await tokenFor(...roles)}` } : {},
    });

  it.each<[string, string, Role[] | undefined, number]>([
    ['GET', '/notes', undefined, 401],
    ['GET', '/%6eotes', undefined, 401],
    ['GET', '/notes', [], 403],
    ['GET', '/notes', ['reader'], 200],
    ['GET', '/notes', ['operator'], 200],
    ['POST', '/notes', ['reader'], 403],
    ['POST', '/notes', ['moderator', 'operator'], 403],
    ['POST', '/notes', ['author'], 201],
    ['POST', '/notes', ['reader', 'importer'], 201],
    ['GET', '/notes/open', undefined, 200],
    ['GET', '/operations', ['author'], 403],
    ['GET', '/operations', ['operator'], 200],
    ['GET', '/operations/open', undefined, 200],
  ])('%s %s as %j is %i', async (method, path, roles, status) =>
    expect((await call(method, path, roles)).status).toBe(status),
  );

  it('asks for a token when there is none', async () => {
    expect((await call('GET', '/notes')).headers.get('www-authenticate')).toBe('Bearer realm="spillway"');
  });

  it('gives the handler its caller', async () => {
    expect(await (await call('GET', '/notes', ['reader'])).json()).toEqual({ sub: 'eve', tenant: 'acme' });
  });
});
