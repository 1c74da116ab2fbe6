import { globSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { bodiesFor, classesOf, verdictsOn } from '@spillway/http/agreement';

const RUNS = 40_000;

const modules = await Promise.all(
  globSync('**/*.dto.ts', { cwd: import.meta.dirname }).map(
    async (file) => (await import(join(import.meta.dirname, file))) as object,
  ),
);
const classes = classesOf(modules);

describe('what clients send', () => {
  it('is described by classes', () => expect(classes.length).toBeGreaterThan(0));

  it.each(classes)(
    'is judged alike by %p and its compiled form',
    (metatype) => {
      const runs = Math.ceil(RUNS / classes.length);
      let accepted = 0;
      fc.assert(
        fc.property(bodiesFor(metatype), (body) => {
          const { compiled, decorated } = verdictsOn(metatype, body);
          if (compiled) accepted++;
          return compiled === decorated;
        }),
        { numRuns: runs },
      );
      // Bodies all on one side would prove nothing.
      expect(accepted).toBeGreaterThan(runs / 10);
      expect(accepted).toBeLessThan((runs * 9) / 10);
    },
    180_000,
  );
});
