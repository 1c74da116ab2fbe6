import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fastify, { type FastifyInstance } from 'fastify';
import { refuseWithWrongClock } from './refuse-with-wrong-clock.js';

describe('a gateway whose clock is wrong', () => {
  const clock = { wrong: false };
  let app: FastifyInstance;

  beforeAll(async () => {
    app = fastify();
    refuseWithWrongClock(app, clock);
    app.setErrorHandler((error, _request, reply) => reply.code(503).send(error));
    app.post('/v1/posts', () => 'accepted');
    app.get('/health', () => 'well');
    await app.ready();
  });
  afterAll(() => app.close());
  const posted = async () => (await app.inject({ method: 'POST', url: '/v1/posts' })).body;

  it('refuses what would be accepted, and answers health checks, until it is right', async () => {
    expect(await posted()).toBe('accepted');
    clock.wrong = true;
    expect(JSON.parse(await posted())).toMatchObject({ code: 'clock_skew' });
    expect((await app.inject('/health')).body).toBe('well');
    expect((await app.inject('/v1/nowhere')).statusCode).toBe(404);
    clock.wrong = false;
    expect(await posted()).toBe('accepted');
  });
});
