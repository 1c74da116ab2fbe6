import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fastify, { type FastifyInstance } from 'fastify';
import type { WireError } from '@spillway/http';
import { refuseWhileClosed } from './refuse-while-closed.js';

describe('refuseWhileClosed', () => {
  let app: FastifyInstance;
  let refusal: WireError | null = null;
  let asked = 0;

  beforeAll(async () => {
    app = fastify();
    refuseWhileClosed(app, { refuseNow: () => (asked++, refusal) });
    app.post('/posts', { config: { publishes: true } }, () => 'accepted');
    app.post('/others', () => 'done');
    await app.ready();
  });
  afterAll(() => app.close());
  const posted = async (url: string, headers = {}): Promise<string> =>
    (await app.inject({ method: 'POST', url, headers, payload: {} })).body;

  it('asks at each post, and lets it in while the gate is open', async () => {
    expect([await posted('/posts'), asked]).toEqual(['accepted', 1]);
  });

  it('answers posts alone, and only those without a key', async () => {
    refusal = { code: 'too_many_unconfirmed', detail: 'Full.', retryAfterSeconds: 1 };
    asked = 0;
    expect(JSON.parse(await posted('/posts'))).toMatchObject({ status: 503, code: 'too_many_unconfirmed' });
    expect(await posted('/posts', { 'idempotency-key': '"a"' })).toBe('accepted');
    expect(await posted('/others')).toBe('done');
    // Whoever is asked counts a refusal: nobody is asked for what goes on.
    expect(asked).toBe(1);
  });
});
