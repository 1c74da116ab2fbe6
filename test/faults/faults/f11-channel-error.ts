import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventually, notYet } from '@spillway/testing';
import { byAnswer, summary } from '../durations.js';
import type { Fault, FaultContext } from '../fault.js';
import { freshMarks, marksOf, preload } from '../mutants/preload.js';

const TIMES = 3;
const BACK_WITHIN_MS = 3_000;
let restore: (() => void) | undefined;

/**
 * One publish says that it is of another user, which the broker answers with 406 and the end of the channel
 * (https://www.rabbitmq.com/docs/validated-user-id).
 */
export const channelError: Fault = {
  id: 'F11',
  title: 'channel error 406',
  how: 'provoke',
  async prepare(context) {
    const { dir } = context.stack;
    const marks = freshMarks(context.stack.dir);
    const names = context.stack.ofRole('gateway').map((p) => p.name);
    restore = preload(dir, names, ['channel-error'], { SPILLWAY_FAULTS_DIR: marks });
    await context.components.bounceAll('gateway');
  },
  async run(context) {
    const { stack, components, load, history, injected, healed, expect, note } = context;
    const name = stack.ofRole('gateway')[0]?.name ?? '';
    const url = stack.urlOf(name);
    const connectedAt = await connectionOf(context, name);
    const errors = (): number => components.log(name).split('PRECONDITION_FAILED').length;
    for (let time = 1; time <= TIMES; time++) {
      const before = errors();
      injected();
      const brokenAt = Date.now();
      const mark = join(marksOf(stack.dir), 'channel-error');
      // The next publish of this gateway, whoever asked for it, is the one that fails.
      writeFileSync(mark, name);
      await eventually('a publish was made to fail', () => !existsSync(mark), { everyMs: 5 });
      const hit = await eventually('it is answered', () => {
        const failed = history.requests.filter((r) => r.t1 >= brokenAt && r.answer.kind === 'unknown');
        return failed.length > 0 && errors() > before ? failed : notYet({ failed: failed.length });
      });
      note(`what was on the channel when it was closed: ${summary(hit)}`);
      expect(
        byAnswer(hit).unknown.length === hit.length,
        `the publish that was answered 406 failed with 504 (${summary(hit)})`,
      );
      const backMs = await eventually(`${name} accepts again`, async () => {
        const next = await load.sendTo(url);
        return next.answer.kind === 'accepted' ? Date.now() - brokenAt : notYet(next.answer);
      });
      healed();
      note(`${name} accepted again ${backMs} ms after the 406`);
      expect(backMs <= BACK_WITHIN_MS, `soon afterwards it accepts again (after ${backMs} ms)`);
      const next = await Promise.all(Array.from({ length: 20 }, () => load.sendTo(url)));
      expect(byAnswer(next).accepted.length === 20, `the next ones succeed (${summary(next)})`);
      const again = await Promise.all(hit.filter((r) => r.postId !== null).map((r) => load.repeat(r)));
      expect(
        byAnswer(again).accepted.length === again.length,
        `so do those that failed, under their id (${summary(again)})`,
      );
    }
    expect(
      (await connectionOf(context, name)) === connectedAt,
      'its connection stood all the time: only the channel was lost',
    );
  },
  async cleanUp({ components }) {
    if (!restore) return;
    restore();
    restore = undefined;
    await components.bounceAll('gateway');
  },
};

/** Since when the broker knows the gateway's connection. The management API learns of it within 5 s. */
const connectionOf = ({ broker }: FaultContext, gateway: string): Promise<number> =>
  eventually(
    `the broker lists the connection of ${gateway}`,
    async () => {
      const all = await broker.connections();
      return all.find((c) => c.client_properties?.connection_name === `${gateway} publish`)?.connected_at;
    },
    { deadlineMs: 15_000, everyMs: 500 },
  );
