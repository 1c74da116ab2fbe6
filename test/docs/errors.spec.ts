import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { ERROR_CODES } from '@spillway/contracts';

const PAGE = readFileSync(join(import.meta.dirname, '../../docs/errors.md'), 'utf8');

interface Section {
  readonly code: string;
  readonly status: number;
  readonly title: string;
  readonly text: string;
}

/** A section is `## code`, then `**status** title`, then what it means and what to do. */
function sectionsOf(page: string): readonly Section[] {
  return page
    .split(/^## /m)
    .slice(1)
    .map((section) => {
      const [code = '', , first = '', ...rest] = section.split('\n');
      const [, status = '', title = ''] = /^\*\*(\d{3})\*\* (.+)\.$/.exec(first) ?? [];
      return { code, status: Number(status), title, text: rest.join('\n') };
    });
}

describe('docs/errors.md', () => {
  const sections = sectionsOf(PAGE);

  it('has a section for each code of the table, and no other, in the same order', () => {
    expect(sections.map(({ code }) => code)).toEqual(Object.keys(ERROR_CODES));
  });

  it('gives each code the status and the title of the table', () => {
    const written = sections.map(({ code, status, title }) => [code, { status, title }]);
    expect(Object.fromEntries(written)).toEqual(ERROR_CODES);
  });

  it.each(sections.map(({ code, text }) => [code, text]))(
    '%s says what it means and what to do',
    (_code, text) => {
      expect(text).toMatch(/^Meaning: .{20,}/m);
      expect(text).toMatch(/^Remedy: .{10,}/m);
    },
  );
});
