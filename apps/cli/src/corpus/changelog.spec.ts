import { describe, expect, it } from '@jest/globals';
import { changelogTime, isDebianChangelog, parseChangelog } from './changelog.js';

const TWO_ENTRIES = `bash (5.2-3) unstable; urgency=medium

  * Apply upstream patches 003 - 015.
  * Enable all hardening flags (Christian Göttsche). Closes: #1021082.

 -- Matthias Klose <doko@debian.org>  Sat, 31 Dec 2022 11:32:01 +0100

bash (1.14.4-2) stable unstable; urgency=LOW, binary-only=yes

  Made it compile.
    - more

 -- Guy Maor <maor@ece.utexas.edu>  Thu,  6 Apr 1995 23:45:10 -0500
`;

describe('a Debian changelog', () => {
  it('is one message an entry, newest first, with its text as it stands', () => {
    expect([...parseChangelog(TWO_ENTRIES)]).toEqual([
      {
        author: 'Matthias Klose <doko@debian.org>',
        createdAt: '2022-12-31T10:32:01.000Z',
        channel: 'bash',
        tags: ['unstable', 'medium'],
        content:
          'bash (5.2-3) unstable; urgency=medium\n\n  * Apply upstream patches 003 - 015.\n' +
          '  * Enable all hardening flags (Christian Göttsche). Closes: #1021082.',
      },
      {
        author: 'Guy Maor <maor@ece.utexas.edu>',
        createdAt: '1995-04-07T04:45:10.000Z',
        channel: 'bash',
        tags: ['stable', 'unstable', 'low'],
        content:
          'bash (1.14.4-2) stable unstable; urgency=LOW, binary-only=yes\n\n  Made it compile.\n    - more',
      },
    ]);
  });

  it('is known by its first line', () => {
    expect(isDebianChangelog(TWO_ENTRIES)).toBe(true);
    expect(isDebianChangelog('2003-01-01  Ann  <ann@example.org>\n\n\t* main.c: fix')).toBe(false);
    expect(isDebianChangelog('')).toBe(false);
  });

  it('reports an entry without an author or a time instead of inventing them', () => {
    const entry = (trailer: string): unknown[] => [
      ...parseChangelog(`a (1) unstable; urgency=low\n\n  * x\n\n${trailer}\n`),
    ];
    expect(entry(' --  <>  Sat, 31 Dec 2022 11:32:01 +0100')).toEqual([{ unreadable: 'without an author' }]);
    expect(entry(' -- Ann <ann@example.org>  yesterday')).toEqual([
      { unreadable: 'without a time that can be read' },
    ]);
  });

  it('skips what stands between entries', () => {
    expect([
      ...parseChangelog(`${TWO_ENTRIES}\nLocal variables:\nmode: debian-changelog\n -- stray\n`),
    ]).toHaveLength(2);
  });
});

describe('the time of a changelog entry', () => {
  it.each([
    ['Thu,  8 Aug 1996 12:00:00 -0500', '1996-08-08T17:00:00.000Z'],
    ['Mon, 02 Jan 2023 13:06:21 +0100', '2023-01-02T12:06:21.000Z'],
    ['2 January 2003 03:04 GMT', '2003-01-02T03:04:00.000Z'],
    ['Wed, 31 Feb 2022 11:32:01 (CET)', null],
    ['Wed, 11 Jan 1822 11:32:01 +0000', null],
    ['', null],
  ])('%s', (text, expected) => {
    expect(changelogTime(text)).toBe(expected);
  });
});
