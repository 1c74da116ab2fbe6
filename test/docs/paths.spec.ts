import { existsSync, readFileSync } from 'node:fs';
import { globSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { describe, expect, it } from '@jest/globals';

const ROOT = join(import.meta.dirname, '../..');
const PAGES = [
  '*.md',
  'docs/**/*.md',
  'apps/*/*.md',
  'libs/*/*.md',
  'deploy/**/*.md',
  'test/**/*.md',
].flatMap((pattern) => globSync(pattern, { cwd: ROOT, exclude: ['**/node_modules/**', '**/dist/**'] }));

const withoutCode = (text: string): string => text.replace(/^```[\s\S]*?^```/gm, '');

/** Targets of relative links, without their anchors. */
const linksOf = (text: string): string[] =>
  [...withoutCode(text).matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target = '']) => target.split('#', 1)[0] ?? '')
    .filter((target) => target !== '' && !/^[a-z]+:/.test(target));

/** Files of the repository named in running text, such as `libs/messaging/src/settle.ts`. */
const filesOf = (text: string): string[] =>
  [
    ...withoutCode(text).matchAll(
      /`((?:apps|libs|deploy|test|docs)\/[\w./-]+\.(?:ts|mjs|json|md|conf|ini|sql|yml))`/g,
    ),
  ].map(([, path = '']) => path);

describe('the pages', () => {
  it('are found', () => {
    expect(PAGES).toEqual(
      expect.arrayContaining(['README.md', 'docs/ARCHITECTURE.md', 'docs/adr/README.md']),
    );
  });

  it.each(PAGES)('%s names and links only what exists', (page) => {
    const text = readFileSync(join(ROOT, page), 'utf8');
    const missing = [
      ...linksOf(text).map((target) => relative(ROOT, join(ROOT, dirname(page), target))),
      ...filesOf(text),
    ].filter((path) => !existsSync(join(ROOT, path)));
    expect(missing).toEqual([]);
  });

  it('list every decision', () => {
    const index = readFileSync(join(ROOT, 'docs/adr/README.md'), 'utf8');
    const decisions = globSync('docs/adr/[0-9]*.md', { cwd: ROOT }).map((path) =>
      path.replace('docs/adr/', ''),
    );
    expect(decisions.length).toBeGreaterThan(0);
    expect(decisions.filter((name) => !index.includes(`(${name})`))).toEqual([]);
  });
});
