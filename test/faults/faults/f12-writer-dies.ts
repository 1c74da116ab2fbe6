import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventually, notYet } from '@spillway/testing';
import type { Fault, FaultContext } from '../fault.js';
import { preload, type Mutant } from '../mutants/preload.js';

const MOMENTS = ['before-commit', 'after-commit'] as const;
const TIMES_EACH = 2;

/** @param more further mutants the writers run with: the deliberately broken build. */
export function writerDies(more: readonly Mutant[] = []): Fault {
  let restore: (() => void) | undefined;
  const dirOf = (stackDir: string): string => join(stackDir, 'run', 'fault-points');
  const bounceWriters = async ({ stack, components }: FaultContext): Promise<void> => {
    for (const { name } of stack.ofRole('writer')) await components.bounce(name);
  };
  return {
    id: 'F12',
    title: 'writer dies before commit / after commit before ack',
    how: 'kill -9 at a hook',
    async prepare(context) {
      const { dir } = context.stack;
      rmSync(dirOf(dir), { recursive: true, force: true });
      mkdirSync(dirOf(dir), { recursive: true });
      const names = context.stack.ofRole('writer').map((p) => p.name);
      restore = preload(dir, names, ['kill-around-commit', ...more], dirOf(dir));
      await bounceWriters(context);
    },
    async run({ stack, components, injected, healed, hold, note }) {
      for (let time = 0; time < TIMES_EACH; time++) {
        for (const moment of MOMENTS) {
          injected();
          const before = stack.ofRole('writer');
          const marker = join(dirOf(stack.dir), moment);
          writeFileSync(marker, '');
          await eventually(`a writer dies ${moment}`, () => !existsSync(marker), { everyMs: 20 });
          const dead = await eventually(`the writer that died ${moment} is started again`, () => {
            const now = new Map(stack.ofRole('writer').map((p) => [p.name, p.pid]));
            return before.find((p) => now.get(p.name) !== p.pid) ?? notYet([...now]);
          });
          await components.restarted(dead);
          healed();
          await components.ready(dead.name);
          note(`${dead.name} died ${moment} and is back`);
          await hold(500);
        }
      }
    },
    async cleanUp(context) {
      if (!restore) return;
      restore();
      restore = undefined;
      await bounceWriters(context);
    },
  };
}
