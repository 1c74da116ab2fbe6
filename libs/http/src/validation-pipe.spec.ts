import { describe, expect, it } from '@jest/globals';
import type { ArgumentMetadata } from '@nestjs/common';
import { ArrayMaxSize } from 'class-validator';
import { ProblemError } from './problem-error.js';
import { IntegerText, IsUuidText, MayBeAbsent, Storable, TextLength } from './text-rules.js';
import { validationPipe } from './validation-pipe.js';

class Body {
  @TextLength(1, 10) @Storable() content = '';
  @MayBeAbsent() @IsUuidText() replyTo?: string;
  @MayBeAbsent() @ArrayMaxSize(5) @TextLength(1, 3, { each: true }) @Storable({ each: true }) tags?: string[];
}
class Query {
  @MayBeAbsent() @IntegerText(1, 100) limit?: number;
}
class Params {
  @IsUuidText() id = '';
}

const pipe = validationPipe();
const metadata = (type: ArgumentMetadata['type'], metatype: unknown): ArgumentMetadata => ({
  type,
  metatype: metatype as NonNullable<ArgumentMetadata['metatype']>,
  data: undefined,
});
const run = (value: unknown, type: ArgumentMetadata['type'] = 'body', metatype: unknown = Body): unknown =>
  pipe.transform(value, metadata(type, metatype));

function pointers(value: unknown, type?: ArgumentMetadata['type'], metatype?: unknown): string[] {
  try {
    run(value, type, metatype);
  } catch (error) {
    if (error instanceof ProblemError && error.code === 'invalid_request')
      return (error.errors ?? []).map((e) => e.pointer);
    throw error;
  }
  return [];
}

describe('validationPipe', () => {
  it('gives a plain object of known properties, at once', () => {
    expect(run({ content: 'hi', tags: ['a'] })).toStrictEqual({ content: 'hi', tags: ['a'] });
  });

  it.each([
    [{}, ['/content']],
    [{ content: 'hi', tags: ['ok', 'ok', 'ok', 'long'] }, ['/tags/3']],
    [{ content: 'hi', tags: ['\0', 'ok', '\ud800'] }, ['/tags/0', '/tags/2']],
    [{ content: 'hi', tags: 'ok' }, ['/tags']],
    [{ content: 'hi', tags: ['a', 'a', 'a', 'a', 'a', 'a'] }, ['/tags']],
    [{ content: 'hi', replyTo: null }, ['/replyTo']],
    [{ content: 5, replyTo: 'x' }, ['/content', '/replyTo']],
    [{ content: 'hi', other: 1 }, ['/other']],
    [{ content: 'hi', 'a/b~c': 1 }, ['/a~1b~0c']],
    [{ content: { toString: 'x' } }, ['/content']],
    [[], ['']],
    ['text', ['']],
    [null, ['']],
    [undefined, ['']],
    [JSON.parse('{"content":"hi","__proto__":{"content":"x"}}'), ['/__proto__']],
    [JSON.parse('{"content":"hi","constructor":{"name":"Body"}}'), ['/constructor']],
  ])('%j is wrong at %j', (value, expected) => expect(pointers(value)).toEqual(expected));

  it('names a query parameter with a question mark and takes its number', () => {
    expect(run({ limit: '5' }, 'query', Query)).toEqual({ limit: 5 });
    expect(pointers({ limit: '0' }, 'query', Query)).toEqual(['?limit']);
    expect(pointers({ limit: ['1', '2'] }, 'query', Query)).toEqual(['?limit']);
    expect(pointers({ strange: '1' }, 'query', Query)).toEqual(['?strange']);
  });

  it('names a part of the address in braces', () => {
    expect(pointers({ id: 'x' }, 'param', Params)).toEqual(['{id}']);
  });

  it('does not echo endless names nor endless lists of mistakes', () => {
    const [pointer = ''] = pointers({ content: 'hi', ['x'.repeat(60_000)]: 1 });
    expect(pointer.length).toBeLessThan(120);
    const many = Object.fromEntries(Array.from({ length: 500 }, (_, i) => [`k${i}`, i]));
    expect(pointers({ content: 'hi', ...many }).length).toBe(20);
  });

  it('leaves what has no class alone', () => {
    expect(run('x', 'param', String)).toBe('x');
    expect(run({ any: 1 }, 'custom', Body)).toEqual({ any: 1 });
  });
});
