/**
 * What a broker is compared with: Fastify checks token and body as the gateway does, gathers the posts of two
 * milliseconds, inserts them in one statement, and answers when that is committed. While the database is slow or
 * away, so are its clients.
 */
import { hash } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { Ajv } from 'ajv';
import Fastify from 'fastify';
import { importJWK, jwtVerify, type JWK, type JWTPayload } from 'jose';
import { LRUCache } from 'lru-cache';
import { uuidV7 } from '@spillway/contracts';
import { Inserter } from './inserter.js';
import { LISTEN } from './listen.js';

interface Setup {
  readonly database: string;
  readonly jwks: string;
}

interface Body {
  readonly content: string;
  readonly channelId?: string;
}

const validate = new Ajv().compile<Body>({
  type: 'object',
  required: ['content'],
  additionalProperties: false,
  properties: {
    content: { type: 'string', minLength: 1, maxLength: 10_000 },
    channelId: { type: 'string', pattern: '^[A-Za-z0-9_-]{1,64}$' },
  },
});

async function serve({ database, jwks }: Setup): Promise<string> {
  const { keys } = JSON.parse(jwks) as { readonly keys: readonly JWK[] };
  const key = await importJWK(keys[0] ?? {}, 'EdDSA');
  const verified = new LRUCache<string, JWTPayload>({ max: 10_000 });
  const claimsOf = async (header: string | undefined): Promise<JWTPayload> => {
    const token = header?.replace(/^Bearer /, '') ?? '';
    const id = hash('sha256', token, 'base64');
    let claims = verified.get(id);
    if (!claims) {
      claims = (await jwtVerify(token, key, { algorithms: ['EdDSA'] })).payload;
      verified.set(id, claims);
    }
    if ((claims.exp ?? 0) * 1000 < Date.now()) throw new Error('expired');
    return claims;
  };
  const inserter = await Inserter.open(database);
  const app = Fastify({ logger: false });
  app.post('/v1/posts', async (request, reply) => {
    const { sub = '', tenant } = await claimsOf(request.headers.authorization);
    const { body } = request;
    if (!validate(body)) return reply.code(400).send({ code: 'invalid_body' });
    const id = uuidV7();
    await inserter.insert({ tenant: String(tenant), id, author: sub, ...body });
    return reply.code(202).send({ message: 'Post created', postId: id, status: 'completed' });
  });
  await app.listen(LISTEN);
  return `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`;
}

process.on('message', (setup: Setup) => {
  void serve(setup).then(
    (result) => process.send?.({ result }),
    (error: unknown) => process.send?.({ error: String(error) }),
  );
});
process.on('disconnect', () => process.exit());
