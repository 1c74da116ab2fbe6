import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { check, type Invariant } from './checker.js';
import type { Answer, Evidence, PostRow, RequestRecord } from './history.js';

const uuid = (n: number): string => `01990000-0000-7000-8000-${n.toString(16).padStart(12, '0')}`;
const command = (n: number): string => `aaaaaaaa-0000-8000-8000-${n.toString(16).padStart(12, '0')}`;

type Kind = 'accepted' | 'refused' | 'unknown';

/** Post number n, whose requests were answered so. POST when the server minted the id. */
function requests(n: number, method: 'POST' | 'PUT', answers: readonly Kind[]): RequestRecord[] {
  const commandId = method === 'PUT' ? command(n) : uuid(n);
  const answer: Record<Kind, Answer> = {
    accepted: { kind: 'accepted', jobId: `job-${n}`, commandId, postId: uuid(n) },
    refused: { kind: 'refused', status: 503, code: 'broker_unavailable' },
    unknown: { kind: 'unknown', status: 504, why: 'confirm_timeout' },
  };
  return answers.map((kind, i) => ({
    op: `T-${n}`,
    attempt: i + 1,
    method,
    tenant: `tenant-${n % 3}`,
    sub: `author-${n % 4}`,
    postId: method === 'PUT' ? uuid(n) : null,
    marker: `⟦T-${n}⟧`,
    content: `text ${n} ⟦T-${n}⟧`,
    channelId: n % 2 === 0 ? null : 'general',
    tags: n % 2 === 0 ? [] : ['a'],
    t0: n * 100 + i * 10,
    t1: n * 100 + i * 10 + 5,
    answer: answer[kind],
  }));
}

const rowOf = (sent: RequestRecord, n: number): PostRow => ({
  tenantId: sent.tenant,
  id: uuid(n),
  authorId: sent.sub,
  channelId: sent.channelId,
  content: sent.content,
  tags: sent.tags,
  commandId: sent.method === 'PUT' ? command(n) : uuid(n),
  storedAt: sent.t1 + 20,
});

/** Four posts: a POST, a repeated PUT, a refused one, an unknown one that landed. All is well. */
function clean(): { -readonly [K in keyof Evidence]: Evidence[K][number][] } {
  const posted = requests(1, 'POST', ['accepted']);
  const repeated = requests(2, 'PUT', ['unknown', 'refused', 'accepted', 'accepted']);
  const refused = requests(3, 'POST', ['refused']);
  const landed = requests(4, 'PUT', ['unknown']);
  const rejected = requests(5, 'POST', ['accepted']);
  const rows = [posted, repeated, landed].flatMap(([r]) => (r ? [rowOf(r, Number(r.op.slice(2)))] : []));
  const job = (n: number, at: number, status: 'processing' | 'completed' | 'failed') => ({
    jobId: `job-${n}`,
    tenant: `tenant-${n % 3}`,
    at,
    status,
  });
  return {
    requests: [...posted, ...repeated, ...refused, ...landed, ...rejected],
    rows,
    outcomes: [{ tenantId: 'tenant-2', commandId: uuid(5), outcome: 'rejected', code: 'data_rejected' }],
    deadLetters: [],
    jobs: [
      job(1, 1, 'processing'),
      job(1, 2, 'completed'),
      { ...job(1, 3, 'completed'), status: 'unavailable' },
      job(1, 4, 'completed'),
      job(5, 2, 'failed'),
    ],
  };
}

/** Changes one row of the clean history. */
function withRow(n: number, change: Partial<PostRow>): Evidence {
  const evidence = clean();
  evidence.rows = evidence.rows.map((row) => (row.id === uuid(n) ? { ...row, ...change } : row));
  return evidence;
}

const invariants = (evidence: Evidence): Invariant[] => check(evidence).map((v) => v.invariant);

describe('check', () => {
  it('finds nothing in a clean history', () => {
    expect(check(clean())).toEqual([]);
  });

  it('catches a loss (I1)', () => {
    const evidence = clean();
    evidence.rows = evidence.rows.filter((row) => row.id !== uuid(2));
    expect(invariants(evidence)).toEqual(['I1']);
  });

  it('takes a dead letter for a visible failure', () => {
    const evidence = clean();
    evidence.rows = evidence.rows.filter((row) => row.id !== uuid(2));
    evidence.deadLetters = [{ tenantId: 'tenant-2', commandId: command(2) }];
    expect(check(evidence)).toEqual([]);
  });

  it('catches a command that is both a row and a failure (I1)', () => {
    const evidence = clean();
    evidence.outcomes.push({ tenantId: 'tenant-1', commandId: uuid(1), outcome: 'rejected', code: 'x' });
    expect(invariants(evidence)).toEqual(['I1']);
  });

  it('catches a duplicate of a POST (I2)', () => {
    const evidence = clean();
    const [row] = evidence.rows;
    if (row) evidence.rows.push({ ...row, id: uuid(99), commandId: uuid(99) });
    expect(invariants(evidence)).toEqual(['I2']);
  });

  it('catches two posts under one Idempotency-Key, and not the same key of another author (I2)', () => {
    const keyed = (n: number, sub: string): RequestRecord[] =>
      requests(n, 'POST', ['accepted']).map((r) => ({ ...r, tenant: 'tenant-0', sub, key: 'once' }));
    const evidence = clean();
    const sent = [...keyed(11, 'author-0'), ...keyed(12, 'author-1')];
    evidence.requests.push(...sent);
    evidence.rows.push(...sent.map((r, i) => rowOf(r, 11 + i)));
    expect(check(evidence)).toEqual([]);
    const [again] = keyed(13, 'author-1');
    if (again) {
      evidence.requests.push(again);
      evidence.rows.push(rowOf(again, 13));
    }
    expect(invariants(evidence)).toEqual(['I2']);
  });

  it('takes a repetition under a key for the same post when it is an alias', () => {
    const evidence = clean();
    const [first] = requests(1, 'POST', ['accepted']);
    if (first?.answer.kind !== 'accepted') throw new Error('the first was accepted');
    const answer: Answer = { ...first.answer, jobId: 'job-1b', commandId: uuid(21), postId: uuid(21) };
    evidence.requests.push({ ...first, attempt: 2, key: 'once', answer });
    evidence.outcomes.push({ tenantId: first.tenant, commandId: uuid(21), outcome: 'alias', code: null });
    expect(check(evidence)).toEqual([]);
  });

  it('catches a row that nobody sent (I3)', () => {
    const evidence = clean();
    const [row] = evidence.rows;
    if (row) evidence.rows.push({ ...row, id: uuid(99), commandId: uuid(99), content: 'boo' });
    expect(invariants(evidence)).toEqual(['I3']);
  });

  it.each<[string, Partial<PostRow>]>([
    ['content', { content: 'text 2 ⟦T-2⟧ ' }],
    ['content beyond recognition', { content: '' }],
    ['author', { authorId: 'mallory' }],
    ['channel', { channelId: 'other' }],
    ['tags', { tags: ['b'] }],
  ])('catches an altered row: %s (I3)', (_, change) => {
    expect(invariants(withRow(2, change))).toEqual(['I3']);
  });

  it('catches a row under another tenant (I5)', () => {
    expect(invariants(withRow(2, { tenantId: 'tenant-0' }))).toEqual(['I5']);
  });

  it('catches a refused request that took effect (I7)', () => {
    const evidence = clean();
    const [refused] = requests(3, 'POST', ['refused']);
    if (refused) evidence.rows.push(rowOf(refused, 3));
    expect(invariants(evidence)).toEqual(['I7']);
  });

  it('catches a repetition that became another command (I7)', () => {
    const evidence = clean();
    const [again] = requests(2, 'PUT', ['accepted']);
    if (again?.answer.kind === 'accepted') {
      evidence.requests.push({ ...again, answer: { ...again.answer, commandId: command(77) } });
      evidence.outcomes.push({
        tenantId: 'tenant-2',
        commandId: command(77),
        outcome: 'rejected',
        code: 'id_taken',
      });
    }
    expect(invariants(evidence)).toEqual(['I7', 'I7']);
  });

  it('catches a job that goes backwards (I4)', () => {
    const evidence = clean();
    evidence.jobs.push({ jobId: 'job-1', tenant: 'tenant-1', at: 9, status: 'processing' });
    expect(invariants(evidence)).toEqual(['I4']);
  });

  it('catches a job that vanishes (I4)', () => {
    const evidence = clean();
    evidence.jobs.push({ jobId: 'job-2', tenant: 'tenant-2', at: 9, status: 'not_found' });
    expect(invariants(evidence)).toEqual(['I4']);
  });

  it('catches a job that says completed without a row (I4)', () => {
    const evidence = clean();
    evidence.jobs.push({ jobId: 'job-5', tenant: 'tenant-2', at: 1, status: 'completed' });
    expect(invariants(evidence)).toEqual(['I4', 'I4']);
  });

  it('has nothing against any valid history, and always sees a loss', () => {
    const plan = fc.record({
      method: fc.constantFrom('POST' as const, 'PUT' as const),
      answers: fc.array(fc.constantFrom<Kind>('accepted', 'refused', 'unknown'), {
        minLength: 1,
        maxLength: 5,
      }),
      lands: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(plan, { minLength: 1, maxLength: 30 }), fc.nat(), (plans, victim) => {
        const evidence = valid(plans);
        expect(check(evidence)).toEqual([]);
        const promised = evidence.requests.filter((r) => r.answer.kind === 'accepted');
        const lost = promised[victim % Math.max(1, promised.length)]?.answer;
        if (lost?.kind !== 'accepted') return;
        const rows = evidence.rows.filter((row) => row.id !== lost.postId);
        expect(invariants({ ...evidence, rows })).toContain('I1');
      }),
    );
  });
});

/** A history as a right system makes it: accepted lands, refused does not, unknown may. */
function valid(
  plans: readonly { method: 'POST' | 'PUT'; answers: readonly Kind[]; lands: boolean }[],
): Evidence {
  const sent: RequestRecord[] = [];
  const rows: PostRow[] = [];
  plans.forEach(({ method, answers, lands }, n) => {
    const [first, ...more] = requests(n, method, method === 'POST' ? answers.slice(0, 1) : answers);
    if (!first) return;
    const all = [first, ...more];
    sent.push(...all);
    const promised = all.some((r) => r.answer.kind === 'accepted');
    const possible = all.some((r) => r.answer.kind === 'unknown');
    if (promised || (possible && lands)) rows.push(rowOf(first, n));
  });
  return { requests: sent, rows, outcomes: [], deadLetters: [], jobs: [] };
}
