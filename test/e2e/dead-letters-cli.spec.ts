import { beforeEach, describe, expect, it, jest } from '@jest/globals';
import { eventually, notYet } from '@spillway/testing';
import type { DeadLetter, DeadLetterPage, Job } from '@spillway/contracts';
import { runCli, type Ended } from '../load-real/cli.js';
import { callerOf, freshTenant, type Api } from './api.js';
import { sendGivenUp, sendNewer, sendUnreadable } from './parked.js';

interface ListedLetter {
  readonly id: string;
  readonly commandId: string | null;
  readonly tenantId: string | null;
  readonly state: string;
  readonly actions?: readonly { readonly action: string; readonly who: string; readonly why: string }[];
}

// Each look is a process of its own, which takes seconds on a busy machine.
jest.setTimeout(180_000);

let api: Api;
beforeEach(async () => {
  api = await callerOf(freshTenant(), 'olga', ['operator']);
});

const cli = (...args: readonly string[]): Promise<Ended> => runCli(api.stack.dir, ['dead-letters', ...args]);
const listed = async (...args: readonly string[]): Promise<ListedLetter[]> => {
  const { code, stdout, stderr } = await cli('list', '--json', ...args);
  if (code !== 0) throw new Error(stderr);
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as ListedLetter);
};
/** Looked up over HTTP, since a process for each look would take long. */
const ofTenant = (count: number, state = 'open'): Promise<readonly DeadLetter[]> =>
  eventually(`${count} letters are there`, async () => {
    const { items } = (await api.send('GET', `/v1/dead-letters?state=${state}`)).json<DeadLetterPage>();
    return items.length === count ? items : notYet(items);
  });
const act = async (
  ...args: readonly string[]
): Promise<{ code: number | null; summary: Record<string, unknown> }> => {
  const { code, stdout } = await cli(...args, '--json');
  return { code, summary: JSON.parse(stdout) as Record<string, unknown> };
};
const jobOf = async (jobId: string): Promise<Job> => (await api.send('GET', `/v1/jobs/${jobId}`)).json<Job>();

describe('the command dead-letters', () => {
  it('lists and shows without content unless asked, and narrows by tenant, reason and age', async () => {
    await sendGivenUp(api.tenant, 'a secret of ours');
    const [letter] = await ofTenant(1);
    const id = letter?.id ?? '';
    const [list, json, show, content, nothing] = await Promise.all([
      cli('list', '--tenant', api.tenant),
      cli('list', '--tenant', api.tenant, '--json'),
      cli('show', id),
      cli('show', id, '--content'),
      cli('show', '01900000-0000-7000-8000-000000000001'),
    ]);
    for (const { code, stdout } of [list, json, show])
      expect([code, stdout.includes(id), stdout.includes('a secret of ours')]).toEqual([0, true, false]);
    expect(content.stdout).toContain('a secret of ours');
    expect([nothing.code, nothing.stderr]).toEqual([1, expect.stringContaining('no dead letter')]);
    const counts = await Promise.all(
      [
        ['--reason', 'newer_command'],
        ['--older-than', '1h'],
        ['--newer-than', '1h', '--reason', 'dead_lettered'],
      ].map(async (filter) => (await listed('--tenant', api.tenant, ...filter)).length),
    );
    expect(counts).toEqual([0, 0, 1]);
  });

  it('replays what a dry run only names, once, and records who and why', async () => {
    const sent = [await sendGivenUp(api.tenant), await sendGivenUp(api.tenant)];
    await ofTenant(2);
    const replay = ['replay', '--tenant', api.tenant, '--why', 'fixed', '--who', 'olga'];
    expect(await act(...replay, '--dry-run')).toMatchObject({
      code: 0,
      summary: { dryRun: true, matched: 2, asked: 0 },
    });
    expect(await jobOf(sent[0]?.jobId ?? '')).toMatchObject({ status: 'processing', reason: 'parked' });
    expect(await act(...replay, '--rate', '50')).toMatchObject({
      code: 0,
      summary: { asked: 2, done: 2, pending: 0 },
    });
    for (const { jobId } of sent) expect(await api.followJob(jobId)).toMatchObject({ status: 'completed' });
    const letters = await ofTenant(2, 'replayed');
    expect(await act(...replay)).toMatchObject({ code: 0, summary: { matched: 0 } });
    const id = letters[0]?.id ?? '';
    expect(await act('replay', '--id', id, '--why', 'again')).toMatchObject({
      code: 0,
      summary: { unchanged: 1 },
    });
    const shown = JSON.parse((await cli('show', id, '--json')).stdout) as ListedLetter;
    expect(shown.actions).toEqual([
      expect.objectContaining({ action: 'replay', who: 'olga', why: 'fixed', via: 'cli', result: 'done' }),
      expect.objectContaining({ action: 'replay', why: 'again', via: 'cli', result: 'unchanged' }),
    ]);
  });

  it('discards, so that the job fails, and says when something could not be done', async () => {
    const sent = await sendNewer(api.tenant);
    const [letter] = await ofTenant(1);
    const discard = ['discard', '--id', letter?.id ?? '', '--why', 'nobody wants it'];
    expect(await act(...discard)).toMatchObject({ code: 0, summary: { done: 1 } });
    expect(await jobOf(sent.jobId)).toMatchObject({ status: 'failed', error: { code: 'discarded' } });
    expect(await act(...discard)).toMatchObject({ code: 0, summary: { unchanged: 1 } });
    expect(await act('discard', '--why', 'x', '--id', '01900000-0000-7000-8000-000000000001')).toMatchObject({
      code: 1,
      summary: { matched: 0 },
    });
  });

  it('shows and discards what cannot be read, and refuses to replay it', async () => {
    const text = `{"no json ${crypto.randomUUID()}`;
    await sendUnreadable(text);
    const found = await eventually(
      'the message is listed',
      async () => {
        const letters = await listed('--newer-than', '5m', '--reason', 'dead_lettered', '--limit', '1000');
        for (const { id } of letters.filter(({ tenantId }) => tenantId === null)) {
          const { stdout } = await cli('show', id, '--content');
          if (stdout.includes(Buffer.from(text).toString('base64'))) return id;
        }
        return null;
      },
      { deadlineMs: 60_000 },
    );
    expect(await act('replay', '--id', found, '--why', 'try')).toMatchObject({
      code: 1,
      summary: { refused: 1 },
    });
    expect(await act('discard', '--id', found, '--why', 'junk')).toMatchObject({
      code: 0,
      summary: { done: 1 },
    });
  });

  it('does nothing without a reason, or to everything unless told so', async () => {
    const refused = await Promise.all([
      cli('replay', '--tenant', api.tenant),
      cli('discard', '--tenant', api.tenant, '--why', ' '),
      cli('discard', '--why', 'x'),
    ]);
    expect(refused.map(({ code }) => code)).toEqual([1, 1, 1]);
    expect(refused[2]?.stderr).toContain('--all');
  });
});
