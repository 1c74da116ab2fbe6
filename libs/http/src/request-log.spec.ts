import { EventEmitter } from 'node:events';
import { describe, expect, it, jest } from '@jest/globals';
import { createLogger } from '@spillway/telemetry';
import { followRequest } from './request-log.js';

interface Ended {
  readonly status?: number;
  readonly afterMs?: number;
  readonly finished?: boolean;
  readonly ratio?: number;
  readonly method?: string;
}

/** What is logged of one request that ended so. */
function logged({
  status = 200,
  afterMs = 5,
  finished = true,
  ratio = 1,
  method = 'GET',
}: Ended): Record<string, unknown>[] {
  const lines: Record<string, unknown>[] = [];
  const logger = createLogger(
    { service: 'a', instance: 'a-1', level: 'info' },
    { write: (line) => void lines.push(JSON.parse(line) as Record<string, unknown>) },
  );
  const request = {
    id: 'r-1',
    method,
    is404: false,
    routeOptions: { url: '/v1/posts/:id' },
    principal: { tenant: 'acme', sub: 'mallory' },
  };
  const response = Object.assign(new EventEmitter(), { statusCode: status, writableFinished: finished });
  const clock = jest
    .spyOn(performance, 'now')
    .mockReturnValueOnce(1000)
    .mockReturnValueOnce(1000 + afterMs);
  followRequest(request, response, { logger, successLogRatio: ratio });
  response.emit('close');
  clock.mockRestore();
  return lines;
}

describe('followRequest', () => {
  it('says who it was without saying it', () => {
    const [line] = logged({});
    expect(line).toMatchObject({
      requestId: 'r-1',
      tenant: 'acme',
      route: '/v1/posts/:id',
      status: 200,
      latencyMs: 5,
    });
    expect(line?.['sub']).toMatch(/^[0-9a-f]{16}$/);
    expect(JSON.stringify(line)).not.toContain('mallory');
  });

  it.each<[string, Ended, string | undefined, string | undefined]>([
    ['a drawn success', {}, 'info', 'request'],
    ['a success that was not drawn', { ratio: 0 }, undefined, undefined],
    ['a slow success, drawn or not', { ratio: 0, afterMs: 1001 }, 'warn', 'request was slow'],
    ['a refusal, drawn or not', { ratio: 0, status: 404 }, 'info', 'request refused'],
    ['a failure, drawn or not', { ratio: 0, status: 503 }, 'error', 'request failed'],
    ['a slow failure', { status: 500, afterMs: 2000 }, 'error', 'request failed'],
    ['a client that went away', { ratio: 0, finished: false }, 'info', 'request abandoned by its client'],
  ])('%s', (_name, ended, level, message) => {
    const [line] = logged(ended);
    expect([line?.['level'], line?.['msg']]).toEqual([level, message]);
  });

  it('knows few methods, so that nobody can invent labels', () => {
    expect(logged({ method: 'PROPFIND' })[0]).toMatchObject({ method: 'OTHER' });
  });
});
