import { describe, expect, it } from '@jest/globals';
import { loadConfig } from '@spillway/config';
import { shardNodes } from './shard-nodes.js';

const read = (value: string) =>
  loadConfig({ nodes: shardNodes('DATABASE_NODES', 'every node') }, { DATABASE_NODES: value }).nodes;

describe('shardNodes', () => {
  it('reads every node of every shard', () => {
    expect([...read('s0=postgres://u:p@a/d|postgresql://u:p@b:1/d; s1=postgres://c/d')]).toEqual([
      ['s0', ['postgres://u:p@a/d', 'postgresql://u:p@b:1/d']],
      ['s1', ['postgres://c/d']],
    ]);
  });

  it.each(['', 's0', 's0=', '=postgres://a/d', 's0=mysql://a/d', 's0=postgres://a/d|', 's0=postgres://a/d;'])(
    'refuses %j without printing it',
    (value) => {
      expect(() => read(value)).toThrow('DATABASE_NODES must be shard=postgres://…|postgres://…[;shard=…]');
    },
  );

  it('is secret: addresses hold passwords', () => {
    expect(shardNodes('X', 'x').secret).toBe(true);
    expect(() => read('s0=mysql://u:s3cret@a/d')).not.toThrow('s3cret');
  });
});
