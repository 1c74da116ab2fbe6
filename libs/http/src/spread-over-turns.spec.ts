import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fastify, { type FastifyInstance } from 'fastify';
import { PER_TURN, spreadOverTurns } from './spread-over-turns.js';

describe('spreadOverTurns', () => {
  let app: FastifyInstance;
  let begun = 0;

  beforeAll(async () => {
    app = fastify();
    spreadOverTurns(app);
    app.addHook('onRequest', (_request, _reply, done) => {
      begun++;
      done();
    });
    app.get('/', () => 'here');
    await app.ready();
  });
  afterAll(() => app.close());

  it('begins a crowd within one turn and at its end, and answers all of it', async () => {
    for (let crowd = 1; crowd <= 2; crowd++) {
      begun = 0;
      const ended = new Promise<number>((resolve) => setImmediate(() => resolve(begun)));
      const answers = Promise.all(Array.from({ length: PER_TURN + 50 }, () => app.inject('/')));
      expect(await ended).toBe(PER_TURN);
      expect(new Set((await answers).map(({ body }) => body))).toEqual(new Set(['here']));
      expect(begun).toBe(PER_TURN + 50);
    }
  });
});
