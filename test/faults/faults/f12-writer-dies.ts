import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventually, notYet } from '@spillway/testing';
import type { Fault } from '../fault.js';
import { freshMarks, marksOf, preload } from '../mutants/preload.js';

const MOMENTS = ['before-commit', 'after-commit'] as const;
const TIMES_EACH = 2;

let restore: (() => void) | undefined;

export const writerDies: Fault = {
  id: 'F12',
  title: 'writer dies before commit / after commit before ack',
  how: 'kill -9 at a hook',
  async prepare(context) {
    const { dir } = context.stack;
    const marks = freshMarks(context.stack.dir);
    const names = context.stack.ofRole('writer').map((p) => p.name);
    restore = preload(dir, names, ['kill-around-commit'], { SPILLWAY_FAULTS_DIR: marks });
    await context.components.bounceAll('writer');
  },
  async run({ stack, components, injected, healed, hold, note }) {
    for (let time = 0; time < TIMES_EACH; time++) {
      for (const moment of MOMENTS) {
        injected();
        const before = stack.ofRole('writer');
        const marker = join(marksOf(stack.dir), moment);
        writeFileSync(marker, '');
        await eventually(`a writer dies ${moment}`, () => !existsSync(marker), {
          ...{ everyMs: 20, deadlineMs: 30_000 },
        });
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
    await context.components.bounceAll('writer');
  },
};
