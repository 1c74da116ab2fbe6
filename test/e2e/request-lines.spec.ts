import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { eventually, readReceivedSpans, readStack } from '@spillway/testing';
import { callerOf, freshTenant } from './api.js';

type Line = Readonly<Record<string, unknown>>;

const stack = readStack();
const APPS = stack
  .processes()
  .filter(({ role }) => role === 'gateway' || role === 'reader' || role === 'writer');

const linesOf = (name: string): Line[] =>
  readFileSync(join(stack.dir, 'log', `${name}.log`), 'utf8')
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Line);

describe('the log', () => {
  it.each(APPS)(
    'of $name is one JSON object a line, with time, level, service and instance',
    ({ name, role }) => {
      const lines = linesOf(name);
      expect(lines.length).toBeGreaterThan(0);
      const wrong = lines.filter(
        ({ time, level, service, instance, msg }) =>
          !/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(String(time)) ||
          !['debug', 'info', 'warn', 'error'].includes(String(level)) ||
          service !== role ||
          instance !== name ||
          typeof msg !== 'string',
      );
      expect(wrong).toEqual([]);
    },
  );

  it.each([
    ['gateway', 'POST', '/v1/posts', { body: '{"content":""}' }, 400, '/v1/posts'],
    ['reader', 'GET', `/v1/posts/${crypto.randomUUID()}`, {}, 404, '/v1/posts/:id'],
  ] as const)(
    'of the %s tells of a refused %s once, under its span',
    async (role, method, path, options, status, route) => {
      const api = await callerOf(freshTenant(), 'alice-in-the-log', ['author']);
      const traceId = crypto.randomUUID().replaceAll('-', '');
      const answer = await api.send(method, path, {
        ...options,
        headers: { traceparent: `00-${traceId}-00f067aa0ba902b7-00` },
      });
      expect(answer.status).toBe(status);
      const requestId = answer.headers.get('x-request-id');
      const lines = await eventually('the line is written', () => {
        const found = stack
          .ofRole(role)
          .flatMap(({ name }) => linesOf(name).filter((line) => line['requestId'] === requestId));
        return found.length > 0 ? found : null;
      });
      expect(lines).toHaveLength(1);
      const span = await eventually(
        'the span was received',
        async () => (await readReceivedSpans(stack.dir, traceId)).find(({ kind }) => kind === 'SERVER'),
        { deadlineMs: 20_000, everyMs: 250 },
      );
      expect(lines[0]).toEqual({
        time: expect.any(String),
        level: 'info',
        service: role,
        instance: expect.stringMatching(new RegExp(`^${role}-\\d+$`)),
        traceId,
        spanId: span.spanId,
        traceFlags: '01',
        requestId,
        tenant: api.tenant,
        sub: expect.stringMatching(/^[0-9a-f]{16}$/),
        method,
        route,
        status,
        latencyMs: expect.any(Number),
        msg: 'request refused',
      });
    },
  );
});
