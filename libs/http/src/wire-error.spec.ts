import { describe, expect, it } from '@jest/globals';
import { BadRequestException, HttpException } from '@nestjs/common';
import { ProblemError } from './problem-error.js';
import { problemResponse } from './problem-response.js';
import { wireErrorOf } from './wire-error.js';

const fastifyError = (code: string, statusCode: number) =>
  Object.assign(new Error('x'), { name: 'FastifyError', code, statusCode });

describe('wireErrorOf', () => {
  it.each([
    ['ours', new ProblemError('not_found', 'No such post.'), 'not_found'],
    ['another of the same form', { code: 'forbidden', detail: 'no' }, 'forbidden'],
    [
      'wrapped by Nest',
      new HttpException('x', 400, { cause: new ProblemError('malformed_json', 'x') }),
      'malformed_json',
    ],
    ['too large', fastifyError('FST_ERR_CTP_BODY_TOO_LARGE', 413), 'payload_too_large'],
    ['media type', fastifyError('FST_ERR_CTP_INVALID_MEDIA_TYPE', 415), 'unsupported_media_type'],
    ['bad address', fastifyError('FST_ERR_BAD_URL', 400), 'invalid_request'],
    ['other of Fastify', fastifyError('FST_ERR_SOMETHING', 400), 'invalid_request'],
    ['of Nest', new BadRequestException('secret'), 'invalid_request'],
  ])('%s', (_name, error, code) => expect(wireErrorOf(error)?.code).toBe(code));

  it.each([
    ['an error', new Error('secret')],
    ['a database error', Object.assign(new Error('secret'), { code: '23505', detail: 'Key (id)=(secret)' })],
    ['a status by accident', Object.assign(new Error('secret'), { statusCode: 404 })],
    ['a socket error', Object.assign(new Error('secret'), { code: 'ECONNREFUSED' })],
    ['a 5xx of Fastify', fastifyError('FST_ERR_HANDLER_TIMEOUT', 503)],
    ['undefined', undefined],
    ['a text', 'not_found'],
    ['a name every object has', { code: 'toString', detail: 'x' }],
  ])('shows nothing of %s', (_name, error) => expect(wireErrorOf(error)).toBeUndefined());

  it('never shows the words of a framework', () => {
    expect(JSON.stringify(wireErrorOf(new BadRequestException('secret')))).not.toContain('secret');
  });
});

describe('problemResponse', () => {
  it('always says when to come back after a 503, and in whole seconds', () => {
    expect(problemResponse({ code: 'broker_unavailable', detail: 'x' }, 'r').headers['retry-after']).toBe(
      '2',
    );
    expect(
      problemResponse({ code: 'broker_unavailable', detail: 'x', retryAfterSeconds: 0.2 }, 'r').headers[
        'retry-after'
      ],
    ).toBe('1');
    expect(
      problemResponse({ code: 'confirm_timeout', detail: 'x' }, 'r').headers['retry-after'],
    ).toBeUndefined();
  });
});
