import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { readStack } from './stack.js';

describe('readStack', () => {
  let dir: string;
  let file: string;
  const write = (pid: number): void => {
    const processes = [
      { name: 'gateway-1', role: 'gateway', pid, url: 'http://127.0.0.1:3101' },
      { name: 'writer-1', role: 'writer', pid: 8 },
      { name: 'writer-2', role: 'writer', pid: 9 },
    ];
    writeFileSync(file, JSON.stringify({ baseUrl: 'http://127.0.0.1:3000', processes }));
  };
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'stack-'));
    file = join(dir, 'stack.json');
    write(7);
  });
  afterEach(() => {
    rmSync(dir, { recursive: true });
  });

  it('finds processes by name and by role', () => {
    const stack = readStack(file);
    expect(stack.baseUrl).toBe('http://127.0.0.1:3000');
    expect(stack.dir).toBe(dir);
    expect(stack.one('gateway-1').pid).toBe(7);
    expect(stack.urlOf('gateway-1')).toBe('http://127.0.0.1:3101');
    expect(stack.ofRole('writer').map((p) => p.name)).toEqual(['writer-1', 'writer-2']);
  });

  it('sees the new pid of a process that was started again', () => {
    const stack = readStack(file);
    write(1007);
    expect(stack.one('gateway-1').pid).toBe(1007);
  });

  it('says what is there when a process is not', () => {
    expect(() => readStack(file).one('gateway-9')).toThrow('it has gateway-1, writer-1, writer-2');
    expect(() => readStack(file).urlOf('writer-1')).toThrow('writer-1 has no url');
  });

  it('says how to get a stack when there is none', () => {
    expect(() => readStack(join(dir, 'absent.json'))).toThrow('start one with npm start');
    expect(() => readStack('')).toThrow('SPILLWAY_STACK');
    writeFileSync(file, '{"processes":[{}]}');
    expect(() => readStack(file)).toThrow('is not a stack.json');
  });
});
