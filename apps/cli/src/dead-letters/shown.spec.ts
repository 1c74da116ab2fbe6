import { describe, expect, it } from '@jest/globals';
import { newTally } from './run-action.js';
import { printable, shownContent, shownTally } from './shown.js';

describe('what a terminal is shown', () => {
  it('cannot move its cursor, change its colours or turn its text around', () => {
    expect(printable('a\u001b[2Jb\u0000\r\n\u009bc\u202edé😀')).toBe(
      'a\\u001b[2Jb\\u0000\\u000d\\u000a\\u009bc\\u202edé😀',
    );
  });

  it('is one command of its message, or all of a message that cannot be read', () => {
    const body = Buffer.from('{"v":1,"commands":[{"kind":"a"},{"kind":"b","text":"\u009b"}]}');
    expect(shownContent(body, 1)).toBe('{"v":1,"commands":[{"kind":"b","text":"\\u009b"}]}');
    expect(shownContent(Buffer.from([0xff, 0x1b]), 0)).toBe('(not readable, base64) /xs=');
  });

  it('says what was not done, and what to do', () => {
    const tally = { ...newTally(), matched: 5, asked: 4, done: 1, refused: 1, stopped: 'the broker went' };
    tally.refusals.push({ id: 'x', detail: 'it was\u001b replayed' });
    expect(shownTally('replay', tally, false).split('\n')).toEqual([
      '1 replayed · 0 were so before · 1 refused · 2 not carried out yet (asked for 4 of 5 found)',
      '  refused x: it was\\u001b replayed',
      'stopped early: the broker went. Run it again: what is done is not done twice.',
      'what is not carried out yet waits in the queue for a writer; show tells when it is done',
    ]);
    expect(shownTally('discard', tally, true)).toBe('would discard 5 dead letters; nothing was changed');
  });
});
