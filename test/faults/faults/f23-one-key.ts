import { byAnswer, summary, tally } from '../durations.js';
import type { Fault, FaultContext } from '../fault.js';
import type { Answer, JobObservation, RequestRecord } from '../history.js';
import type { KeyedPost } from '../load.js';
import { withRedis } from '../redis.js';
import { untilJob } from '../until-job.js';

const AT_ONCE = 100;
const KEYS = 5;

/** One Idempotency-Key is one post, whoever is asked, however often, and whatever Redis still knows. */
export const oneKey: Fault = {
  id: 'F23',
  title: '100 concurrent requests with one key; then another body',
  how: 'two gateways; Redis flushed in between',
  async run(context) {
    const { stack, load, injected, healed, hold, expect, note, run } = context;
    injected();
    let single = 0;
    for (let n = 0; n < KEYS; n++) {
      const post = load.draftKeyed(`${run}-key-${n}`);
      const jobs = await atOnce(context, post);
      single += jobs === 1 ? 1 : 0;
      await anotherBody(context, post);
      // Redis forgets the key: from here on only the transaction that stored the post knows it.
      await withRedis(stack, (redis) => redis.flushall());
      await repeatedAfterFlush(context, post);
    }
    note(`${single} of ${KEYS} keys were one job; the others met a Redis that did not answer in its 100 ms`);
    expect(single > 0, 'a hundred requests with one key are one job while Redis answers in time');
    healed();
    await hold(500);
  },
};

const gatewaysOf = ({ stack }: FaultContext): readonly string[] =>
  stack.ofRole('gateway').map(({ name }) => stack.urlOf(name));

/** A hundred at once, then two more. All of them are one post. @returns how many jobs they were given. */
async function atOnce(context: FaultContext, post: KeyedPost): Promise<number> {
  const { load, expect } = context;
  const urls = gatewaysOf(context);
  const answers = await Promise.all(
    Array.from({ length: AT_ONCE }, (_, i) => load.sendKeyed(post, i + 1, urls[i % urls.length])),
  );
  const others = answers.filter(({ answer }) => answer.kind !== 'accepted' && !isHarmless(answer));
  expect(others.length === 0, `each of ${AT_ONCE} was accepted or told to wait (${summary(answers)})`);
  const again = await Promise.all(urls.map((url) => load.sendKeyed(post, AT_ONCE + 1, url)));
  const accepted = byAnswer([...answers, ...again]).accepted;
  expect(accepted.length > 0, `some of ${AT_ONCE} were accepted (${summary(answers)})`);
  const posts = await postsOf(context, accepted);
  expect(posts.size === 1, `all that were accepted are one post (${posts.size} posts)`);
  return jobsOf(accepted).size;
}

const isHarmless = (answer: Answer): boolean =>
  answer.kind === 'refused' && (answer.code === 'idempotency_in_progress' || answer.status === 503);

/** The posts that the jobs of these requests end with. Requests that share a job are looked at once. */
async function postsOf(
  context: FaultContext,
  accepted: readonly RequestRecord[],
): Promise<ReadonlySet<string>> {
  const perJob = new Map(accepted.map((r) => [r.answer.kind === 'accepted' ? r.answer.jobId : '', r]));
  const ends = await Promise.all([...perJob.values()].map((r) => untilJob(context, r, isOver)));
  return new Set(ends.map(({ status, postId }) => (status === 'completed' ? (postId ?? '') : status)));
}

/** Another body under the key of a post is refused at once, or accepted and then refused by the writer. */
async function anotherBody(context: FaultContext, { key, caller }: KeyedPost): Promise<void> {
  const { load, expect } = context;
  const other = load.draftKeyed(key, caller);
  const answers = await Promise.all(gatewaysOf(context).map((url, i) => load.sendKeyed(other, i + 1, url)));
  const ends = await Promise.all(
    answers.map(async (record) => {
      if (record.answer.kind === 'refused') return record.answer.code;
      if (record.answer.kind === 'unknown') return `unknown: ${record.answer.why}`;
      const { status, code } = await untilJob(context, record, isOver);
      return code ?? status;
    }),
  );
  const told = ends.every((end) => end === 'idempotency_key_reused' || end === 'too_many_unconfirmed');
  expect(told, `another body under the key is refused with idempotency_key_reused (${tally(ends)})`);
}

/** The gateways make another command of it, and the writer finds that it is the first one again. */
async function repeatedAfterFlush(context: FaultContext, post: KeyedPost): Promise<void> {
  const { load, expect } = context;
  const again = await Promise.all(gatewaysOf(context).map((url) => load.sendKeyed(post, AT_ONCE + 2, url)));
  const { accepted } = byAnswer(again);
  expect(
    again.every(({ answer }) => answer.kind === 'accepted' || isHarmless(answer)),
    `after Redis was flushed it is accepted again (${summary(again)})`,
  );
  const first = load.recorded(post).find(({ answer }) => answer.kind === 'accepted');
  const posts = await postsOf(context, [...(first ? [first] : []), ...accepted]);
  expect(posts.size === 1, `and still is the first post (${posts.size} posts)`);
  await anotherBody(context, post);
}

const isOver = ({ status }: JobObservation): boolean => status === 'completed' || status === 'failed';

const jobsOf = (requests: readonly RequestRecord[]): ReadonlySet<string> =>
  new Set(requests.flatMap(({ answer }) => (answer.kind === 'accepted' ? [answer.jobId] : [])));
