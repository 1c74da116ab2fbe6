import { beforeAll, describe, expect, it } from '@jest/globals';
import {
  uuidV7,
  type Accepted,
  type DeadLetterDetail,
  type DeadLetterPage,
  type Job,
} from '@spillway/contracts';
import { eventually, notYet } from '@spillway/testing';
import { callerOf, freshTenant, problemOf, tokenOf, type Api } from './api.js';
import { sendGivenUp, sendNewer, type Sent } from './parked.js';

const PATH = '/v1/dead-letters';
let operator: Api;
beforeAll(async () => {
  operator = await callerOf(freshTenant(), 'olga', ['operator']);
});

const jobOf = async (jobId: string): Promise<Job> =>
  (await operator.send('GET', `/v1/jobs/${jobId}`)).json<Job>();
const parked = (jobId: string): Promise<Job> =>
  eventually('the job says that it is parked', async () => {
    const job = await jobOf(jobId);
    return job.reason === 'parked' ? job : notYet(job);
  });
/** The letter of a command, once it is in the list. */
const letterOf = ({ command }: Sent, query = ''): Promise<string> =>
  eventually('the letter is listed', async () => {
    const { items } = (await operator.send('GET', `${PATH}?limit=100${query}`)).json<DeadLetterPage>();
    return items.find(({ commandId }) => commandId === command.commandId)?.id;
  });
const act = async (id: string, action: 'replay' | 'discard', caller = operator): Promise<Job> => {
  const answer = await caller.send('POST', `${PATH}/${id}/${action}`, { body: '{"why":"a test of it"}' });
  if (answer.status !== 202) throw new Error(`${answer.status} instead of 202: ${answer.text}`);
  expect(answer.headers.get('location')).toBe(`/v1/jobs/${answer.json<Accepted>().jobId}`);
  return caller.followJob(answer.json<Accepted>().jobId);
};
const read = async (id: string, job?: Job): Promise<DeadLetterDetail> => {
  const headers = job ? { 'consistency-token': tokenOf(job) } : {};
  return (await operator.send('GET', `${PATH}/${id}`, { headers })).json<DeadLetterDetail>();
};

describe('a dead letter', () => {
  it('of a newer version is listed without its content, and its job says that it is parked', async () => {
    const sent = await sendNewer(operator.tenant);
    expect(await parked(sent.jobId)).toMatchObject({ status: 'processing', reason: 'parked' });
    const id = await letterOf(sent, '&reason=newer_command');
    const answer = await operator.send('GET', `${PATH}/${id}`);
    expect(answer.json()).toEqual({
      id,
      state: 'open',
      reason: 'newer_command',
      attempts: 0,
      kind: 'post.create',
      commandId: sent.command.commandId,
      postId: sent.command.postId,
      createdAt: expect.any(String),
      resolvedAt: null,
      actions: [],
    });
    expect(answer.text).not.toContain('hello');
  });

  it('replayed is carried out, stays for the record, and is not replayed twice', async () => {
    const sent = await sendGivenUp(operator.tenant, 'second life');
    await parked(sent.jobId);
    const id = await letterOf(sent);
    const job = await act(id, 'replay');
    expect(job.status).toBe('completed');
    const ended = await operator.followJob(sent.jobId);
    expect(ended).toMatchObject({ status: 'completed', postId: sent.command.postId });
    const post = await operator.send('GET', `/v1/posts/${sent.command.postId}`, {
      headers: { 'consistency-token': tokenOf(ended) },
    });
    expect(post.json()).toMatchObject({ content: 'second life' });
    expect(await act(id, 'replay')).toMatchObject({ status: 'completed', superseded: true });
    expect(await act(id, 'discard')).toMatchObject({ status: 'failed', error: { code: 'already_replayed' } });
    const letter = await eventually('the replay is marked', async () => {
      const seen = await read(id);
      return seen.state === 'replayed' && seen.actions.length === 3 ? seen : notYet(seen);
    });
    expect(
      letter.actions.map(({ action, who, via, why, result }) => [action, who, via, why, result]),
    ).toEqual([
      ['replay', 'olga', 'api', 'a test of it', 'done'],
      ['replay', 'olga', 'api', 'a test of it', 'unchanged'],
      ['discard', 'olga', 'api', 'a test of it', 'refused'],
    ]);
  });

  it('discarded fails its job, and again changes nothing', async () => {
    const sent = await sendNewer(operator.tenant);
    await parked(sent.jobId);
    const id = await letterOf(sent);
    const job = await act(id, 'discard');
    expect(await read(id, job)).toMatchObject({
      state: 'discarded',
      actions: [{ action: 'discard', result: 'done' }],
    });
    expect(await jobOf(sent.jobId)).toMatchObject({ status: 'failed', error: { code: 'discarded' } });
    expect(await act(id, 'discard')).toMatchObject({ status: 'completed', superseded: true });
    const open = (await operator.send('GET', `${PATH}?limit=100`)).json<DeadLetterPage>();
    expect(open.items.map((letter) => letter.id)).not.toContain(id);
    expect(await letterOf(sent, '&state=discarded')).toBe(id);
  });

  it('replayed to a writer that still does not know it is a new one', async () => {
    const sent = await sendNewer(operator.tenant);
    await parked(sent.jobId);
    const id = await letterOf(sent);
    await act(id, 'replay');
    const next = await eventually('another letter of the same command', async () => {
      const other = await letterOf(sent);
      return other === id ? notYet('only the first') : other;
    });
    expect(await read(next)).toMatchObject({ state: 'open', reason: 'newer_command' });
    expect(await jobOf(sent.jobId)).toMatchObject({ status: 'processing', reason: 'parked' });
  });
});

describe('dead letters', () => {
  it('are another tenant’s to nobody: 404, and a job that fails', async () => {
    const sent = await sendNewer(operator.tenant);
    const id = await letterOf(sent);
    const stranger = await callerOf(freshTenant(), 'olga', ['operator']);
    expect((await stranger.send('GET', `${PATH}/${id}`)).status).toBe(404);
    expect((await stranger.send('GET', PATH)).json<DeadLetterPage>().items).toEqual([]);
    for (const action of ['replay', 'discard'] as const)
      expect(await act(id, action, stranger)).toMatchObject({
        status: 'failed',
        error: { code: 'not_found' },
      });
    expect(await read(id)).toMatchObject({ state: 'open', actions: [] });
  });

  it('are for operators only', async () => {
    const author = await callerOf(operator.tenant, 'alice', ['author', 'moderator']);
    const id = uuidV7();
    const body = '{"why":"x"}';
    for (const [method, path, options] of [
      ['GET', PATH, {}],
      ['GET', `${PATH}/${id}`, {}],
      ['POST', `${PATH}/${id}/replay`, { body }],
      ['POST', `${PATH}/${id}/discard`, { body }],
    ] as const) {
      const answer = await author.send(method, path, options);
      expect([method, path, answer.status, problemOf(answer).code]).toEqual([method, path, 403, 'forbidden']);
    }
  });

  it('are acted upon with a reason, and listed by what there is', async () => {
    const id = uuidV7();
    for (const body of [
      '{}',
      '{"why":""}',
      '{"why":7}',
      `{"why":"${'x'.repeat(501)}"}`,
      '{"why":"x","force":1}',
    ])
      expect([body, (await operator.send('POST', `${PATH}/${id}/replay`, { body })).status]).toEqual([
        body,
        400,
      ]);
    expect((await operator.send('POST', `${PATH}/nothing/replay`, { body: '{"why":"x"}' })).status).toBe(404);
    expect((await operator.send('GET', `${PATH}/nothing`)).status).toBe(404);
    for (const query of [
      'state=lost',
      'since=yesterday',
      'until=2026-13-01T00:00:00Z',
      'limit=0',
      'x=1',
      'cursor=abc',
    ])
      expect([query, (await operator.send('GET', `${PATH}?${query}`)).status]).toEqual([query, 400]);
  });

  it('are listed newest first, page by page, between two times', async () => {
    const caller = await callerOf(freshTenant(), 'olga', ['operator']);
    const since = new Date().toISOString();
    for (let n = 0; n < 5; n++) await sendNewer(caller.tenant);
    const list = async (query: string) =>
      (await caller.send('GET', `${PATH}?${query}`)).json<DeadLetterPage>();
    const all = await eventually('five are listed', async () => {
      const { items } = await list(`since=${since}`);
      return items.length === 5 ? items : notYet(items.length);
    });
    const pages: string[] = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const page: DeadLetterPage = await list(`limit=2${cursor ? `&cursor=${cursor}` : ''}`);
      pages.push(...page.items.map(({ id }) => id));
      cursor = page.nextCursor;
    }
    expect(pages).toEqual(all.map(({ id }) => id));
    expect(pages).toEqual([...pages].sort().reverse());
    expect((await list(`until=${since}`)).items).toEqual([]);
    const { nextCursor } = await list('limit=2');
    const elsewhere = await caller.send('GET', `${PATH}?limit=2&state=replayed&cursor=${nextCursor}`);
    expect([elsewhere.status, problemOf(elsewhere).code]).toEqual([400, 'invalid_cursor']);
  });
});
