import { describe, expect, it } from '@jest/globals';
import { replayableEnvelope } from './replayable-envelope.js';

const bytes = (text: string): Buffer => Buffer.from(text);
const parsed = (body: Buffer | null): unknown => (body ? JSON.parse(body.toString()) : null);

describe('replayableEnvelope', () => {
  it('is the message itself, byte for byte, when it holds nothing else', () => {
    const body = bytes('{"v":2, "commands":[{"kind":"post.pin","order":12345678901234567890}]}');
    expect(replayableEnvelope(body, 0)).toEqual(body);
  });

  it('holds one command of several, with whatever else the envelope has', () => {
    const body = bytes('{"v":7,"lane":"x","commands":[{"kind":"a","n":1},{"kind":"b","n":2}]}');
    expect(parsed(replayableEnvelope(body, 1))).toEqual({
      v: 7,
      lane: 'x',
      commands: [{ kind: 'b', n: 2 }],
    });
  });

  it('is that of the only command, whichever place that had in its message', () => {
    const body = bytes('{"v":1,"commands":[{"kind":"a"}]}');
    expect(replayableEnvelope(body, 3)).toEqual(body);
  });

  it('counts attempts anew', () => {
    const body = bytes('{"v":1,"commands":[{"kind":"post.edit","attempt":30,"why":"x"}]}');
    expect(parsed(replayableEnvelope(body, 0))).toEqual({
      v: 1,
      commands: [{ kind: 'post.edit', why: 'x' }],
    });
  });

  it.each([
    ['text that is not JSON', bytes('{"v":1,'), 0],
    ['bytes that are not UTF-8', Buffer.from([0xff, 0x00]), 0],
    ['no envelope', bytes('[]'), 0],
    ['no such place', bytes('{"v":1,"commands":[{"kind":"a"},{"kind":"b"}]}'), 2],
    ['something that is no command', bytes('{"v":1,"commands":["a"]}'), 0],
  ])('is nothing for %s', (_what, body, ordinal) => {
    expect(replayableEnvelope(body, ordinal)).toBeNull();
  });
});
