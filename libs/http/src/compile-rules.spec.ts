import 'reflect-metadata';
import { describe, expect, it } from '@jest/globals';
import { Body, Controller, Module, Post } from '@nestjs/common';
import { createLogger } from '@spillway/telemetry';
import { MaxLength } from 'class-validator';
import { checkedBody } from './checked-body.js';
import { createHttpApp } from './create-http-app.js';
import { ProblemError } from './problem-error.js';
import { MayBeAbsent, TextLength } from './text-rules.js';

class Foreign {
  @MaxLength(3) text!: string;
}
@Controller('v1/notes')
class NotesController {
  @Post()
  create(@Body() body: Foreign) {
    return body;
  }
}
@Module({ controllers: [NotesController] })
class NotesModule {}

class Note {
  @TextLength(1, 5) content!: string;
  @MayBeAbsent() @TextLength(1, 3, { each: true }) tags?: string[];
}

describe('an application', () => {
  it('is not made with a rule that cannot be compiled', async () => {
    const logger = createLogger(
      { service: 'a', instance: 'a-1', level: 'error' },
      { write: () => undefined },
    );
    await expect(createHttpApp(NotesModule, { logger })).rejects.toThrow('Foreign.text: the rule maxLength');
  });
});

describe('checkedBody', () => {
  it('hands on the very value that was given', () => {
    const value = { content: 'hi', tags: ['a'] };
    expect(checkedBody(Note, value)).toBe(value);
  });

  it.each([
    [{ content: '', tags: ['a', 'long'] }, ['/3/content', '/3/tags/1']],
    [{ content: 'hi', other: 1 }, ['/3/other']],
    [{ content: 'hi', tags: Object.assign(new Array<string>(2), { 1: 'a' }) }, ['/3/tags/0']],
    ['text', ['/3']],
    [null, ['/3']],
  ])('points into the list it came from: %j', (value, pointers) => {
    try {
      checkedBody(Note, value, '/3');
    } catch (error) {
      if (!(error instanceof ProblemError)) throw error;
      expect(error.errors?.map(({ pointer }) => pointer)).toEqual(pointers);
      return;
    }
    throw new Error('it was accepted');
  });
});
