import { describe, expect, it } from '@jest/globals';
import { packageOf, summarize, type CpuProfile } from './summary.js';

const node = (id: number, functionName: string, url: string): CpuProfile['nodes'][number] => ({
  id,
  callFrame: { functionName, url, lineNumber: 9 },
});

describe('summarize', () => {
  it('gives the parts of the time that was not idle', () => {
    const profile: CpuProfile = {
      nodes: [
        node(1, '(idle)', ''),
        node(2, 'publish', 'file:///r/node_modules/amqplib/lib/channel.js'),
        node(3, 'accept', 'file:///r/apps/gateway/dist/posts/accept-command.js'),
        node(4, 'write', 'file:///r/node_modules/amqplib/lib/mux.js'),
      ],
      samples: [1, 2, 3, 4],
      timeDeltas: [1_000_000, 500_000, 250_000, 250_000],
    };
    expect(summarize(profile)).toEqual({
      busySeconds: 1,
      packages: [
        { name: 'amqplib', part: 0.75 },
        { name: 'apps/gateway', part: 0.25 },
      ],
      functions: [
        { name: 'publish amqplib/lib/channel.js:10', part: 0.5 },
        { name: 'accept apps/gateway/dist/posts/accept-command.js:10', part: 0.25 },
        { name: 'write amqplib/lib/mux.js:10', part: 0.25 },
      ],
    });
  });

  it('names packages', () => {
    expect(packageOf('file:///r/node_modules/a/node_modules/@x/y/z.js', 'f')).toBe('@x/y');
    expect(packageOf('node:internal/streams', 'f')).toBe('node');
    expect(packageOf('', '(garbage collector)')).toBe('(garbage collector)');
    expect(packageOf('', 'writev')).toBe('native');
  });
});
