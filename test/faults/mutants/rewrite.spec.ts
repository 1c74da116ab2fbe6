import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { rewrite } from './rewrite.js';
import {
  ACK_BEFORE_COMMIT,
  BUFFER_WHILE_DISCONNECTED,
  CHANNEL_ERROR,
  FAULT_POINTS,
  KEY_ONLY_IN_REDIS,
  KILLER_COMMAND,
  NEWER_WRITER,
  WITHOUT_MANDATORY,
} from './rewrites.js';

const root = join(import.meta.dirname, '..', '..', '..');

describe('rewrite', () => {
  const change = { file: 'x.js', find: 'commit();', put: 'die(); commit();' };

  it('replaces the text', () => {
    expect(rewrite('begin(); commit();', change)).toBe('begin(); die(); commit();');
  });

  it('refuses when the text is not there, or not there once', () => {
    expect(() => rewrite('begin();', change)).toThrow('x.js holds 0 times, not once: commit();');
    expect(() => rewrite('commit(); commit();', change)).toThrow('holds 2 times');
  });
});

describe('the mutants', () => {
  it.each([
    ['kill-around-commit', FAULT_POINTS],
    ['ack-before-commit', ACK_BEFORE_COMMIT],
    ['publish-without-mandatory', WITHOUT_MANDATORY],
    ['buffer-while-disconnected', BUFFER_WHILE_DISCONNECTED],
    ['key-only-in-redis', KEY_ONLY_IN_REDIS],
    ['channel-error', CHANNEL_ERROR],
    ['killer-command', KILLER_COMMAND],
    ['newer-writer', NEWER_WRITER],
    ['two of a writer', [...FAULT_POINTS, ...ACK_BEFORE_COMMIT]],
  ])('%s fits the code as it was built', (_, rewrites) => {
    for (const file of new Set(rewrites.map((r) => r.file))) {
      const source = readFileSync(join(root, file), 'utf8');
      const changed = rewrites.filter((r) => r.file === file).reduce(rewrite, source);
      expect(changed).not.toBe(source);
    }
  });
});
