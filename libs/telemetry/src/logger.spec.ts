import { describe, expect, it } from '@jest/globals';
import { createLogger, type Logger } from './logger.js';

function logged(write: (logger: Logger) => void): Record<string, unknown>[] {
  const lines: string[] = [];
  write(
    createLogger(
      { service: 'gateway', instance: 'gateway-1', level: 'info' },
      { write: (line) => void lines.push(line) },
    ),
  );
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
}

describe('createLogger', () => {
  it('writes one line with time, level, service and instance', () => {
    const [line] = logged((logger) => logger.info({ route: '/x' }, 'hello'));
    expect(line).toMatchObject({
      level: 'info',
      service: 'gateway',
      instance: 'gateway-1',
      route: '/x',
      msg: 'hello',
    });
    expect(line?.['time']).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
  });

  it('leaves out what is below its level, and keeps the fields of a child', () => {
    const lines = logged((logger) => {
      logger.debug({}, 'quiet');
      logger.child({ shard: 's0' }).warn({}, 'loud');
    });
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatchObject({ shard: 's0', msg: 'loud' });
  });

  it.each([
    { authorization: 'Bearer swordfish' },
    { cookie: 'access_token=swordfish' },
    { headers: { authorization: 'swordfish', 'set-cookie': 'swordfish' } },
    { request: { headers: { cookie: 'swordfish' } } },
    { config: { password: 'swordfish' } },
    { token: 'swordfish' },
    { err: new Error('connect amqp://gateway:swordfish@127.0.0.1:5672/ failed') },
    {
      err: Object.assign(new Error('query failed'), {
        parameters: ['swordfish'],
        query: 'swordfish',
        detail: 'swordfish',
      }),
    },
    { err: new Error('outer', { cause: Object.assign(new Error('inner'), { detail: 'swordfish' }) }) },
  ])('%#: no secret gets into the log', (fields) => {
    const [line] = logged((logger) => logger.error(fields, 'failed'));
    expect(JSON.stringify(line)).not.toContain('swordfish');
  });

  it('keeps of an error what explains it', () => {
    const cause = Object.assign(new Error('refused'), { code: 'ECONNREFUSED' });
    const [line] = logged((logger) => logger.error({ err: new TypeError('broken', { cause }) }, 'failed'));
    expect(line?.['err']).toMatchObject({
      type: 'TypeError',
      message: 'broken',
      cause: { code: 'ECONNREFUSED', message: 'refused' },
    });
    expect((line?.['err'] as { stack: string }).stack).toContain('logger.spec');
  });

  it('survives an error that is its own cause, and what is no error', () => {
    const circular = new Error('round');
    circular.cause = circular;
    const lines = logged((logger) => {
      logger.error({ err: circular }, 'a');
      logger.error({ err: 'text' }, 'b');
      logger.error({ err: undefined }, 'c');
    });
    expect(lines).toHaveLength(3);
    expect(lines[1]?.['err']).toEqual({ type: 'string', message: 'text' });
  });
});
