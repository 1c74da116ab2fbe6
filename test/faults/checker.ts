import { Found, type Post } from './found.js';
import type { Evidence, JobObservation, PostRow, RequestRecord } from './history.js';

export type Invariant = 'I1' | 'I2' | 'I3' | 'I4' | 'I5' | 'I6' | 'I7' | 'I8';

export interface Violation {
  readonly invariant: Invariant;
  /** The post it is about, when there is one. */
  readonly op: string | null;
  readonly detail: string;
}

/** Ends that exclude a row. */
const FINAL_FAILURES = new Set(['rejected', 'denied', 'discarded']);

/**
 * Compares what clients were told with what the primary holds, after everything has drained. Pure:
 * the same evidence gives the same violations. I6 and I8 are about time and are measured elsewhere.
 */
export function check(evidence: Evidence): Violation[] {
  const found = new Found(evidence);
  return [
    ...lostOrDoubtful(evidence, found),
    ...duplicated(found),
    ...inventedOrAltered(found),
    ...jobsThatLie(evidence, found),
    ...inAnotherTenant(found),
    ...effectsOfRefusals(found),
  ];
}

function* lostOrDoubtful({ requests }: Evidence, found: Found): Generator<Violation> {
  const told = new Set<string>();
  for (const { op, answer } of requests) {
    if (answer.kind !== 'accepted' || told.has(answer.commandId)) continue;
    told.add(answer.commandId);
    const { commandId } = answer;
    const outcome = found.outcomeOfCommand.get(commandId)?.outcome;
    const row = found.rowOfCommand.get(commandId);
    if (!row && !found.failed(commandId) && outcome !== 'alias') {
      yield { invariant: 'I1', op, detail: `202 for command ${commandId}, but no row and no failure` };
    }
    if (row && outcome !== undefined && FINAL_FAILURES.has(outcome)) {
      yield { invariant: 'I1', op, detail: `command ${commandId} is both a row and ${outcome}` };
    }
  }
}

function* duplicated(found: Found): Generator<Violation> {
  for (const { op, rows } of found.posts.values()) {
    if (rows.length < 2) continue;
    yield { invariant: 'I2', op, detail: `${rows.length} rows: ${rows.map((r) => r.id).join(', ')}` };
  }
  const posts = [...found.posts.values()].filter(
    ({ first, rows }) => first.key !== undefined && rows.length > 0,
  );
  const holders = new Map<string, Post>();
  for (const post of posts) {
    const key = JSON.stringify([post.first.tenant, post.first.sub, post.first.key]);
    const holder = holders.get(key);
    if (holder) {
      const detail = `${post.op} and ${holder.op} were both stored under one Idempotency-Key`;
      yield { invariant: 'I2', op: post.op, detail };
    }
    holders.set(key, post);
  }
}

function* inventedOrAltered(found: Found): Generator<Violation> {
  for (const row of found.strangers) {
    yield { invariant: 'I3', op: null, detail: `row ${row.tenantId}/${row.id} was never sent` };
  }
  for (const { op, first, rows } of found.posts.values()) {
    for (const row of rows) {
      const altered = alteredFields(first, row);
      if (altered.length === 0) continue;
      yield {
        invariant: 'I3',
        op,
        detail: `row ${row.id} differs from what was sent in ${altered.join(', ')}`,
      };
    }
  }
}

function alteredFields(sent: RequestRecord, row: PostRow): string[] {
  const altered: string[] = [];
  if (row.content !== sent.content) altered.push('content');
  if (row.authorId !== sent.sub) altered.push('author');
  if (row.channelId !== sent.channelId) altered.push('channel');
  if (JSON.stringify(row.tags) !== JSON.stringify(sent.tags)) altered.push('tags');
  if (sent.postId !== null && row.id !== sent.postId) altered.push('id');
  return altered;
}

function* jobsThatLie({ jobs, requests }: Evidence, found: Found): Generator<Violation> {
  const tickets = new Map<string, { readonly op: string; readonly commandId: string }>();
  for (const { op, answer } of requests) {
    if (answer.kind === 'accepted') tickets.set(answer.jobId, { op, commandId: answer.commandId });
  }
  const ended = new Map<string, JobObservation>();
  for (const look of jobs.toSorted((a, b) => a.at - b.at)) {
    const ticket = tickets.get(look.jobId);
    const op = ticket?.op ?? null;
    if (look.status === 'unavailable') continue;
    if (look.status === 'not_found') {
      if (ticket) yield { invariant: 'I4', op, detail: `its job answers 404 although it was accepted` };
      continue;
    }
    const end = ended.get(look.jobId);
    if (end && look.status !== end.status) {
      yield { invariant: 'I4', op, detail: `its job went from ${end.status} back to ${look.status}` };
    }
    if (end || look.status === 'processing' || !ticket) continue;
    ended.set(look.jobId, look);
    const { commandId } = ticket;
    const alias = found.outcomeOfCommand.get(commandId)?.outcome === 'alias';
    if (look.status === 'completed' && !found.rowOfCommand.has(commandId) && !alias) {
      yield {
        invariant: 'I4',
        op,
        detail: `its job says completed, and the primary has no row of ${commandId}`,
      };
    }
    if (look.status === 'failed' && !found.failed(commandId)) {
      yield { invariant: 'I4', op, detail: `its job says failed, and nothing records why` };
    }
  }
}

function* inAnotherTenant(found: Found): Generator<Violation> {
  for (const { op, first, rows } of found.posts.values()) {
    for (const { id, tenantId } of rows) {
      if (tenantId === first.tenant) continue;
      yield { invariant: 'I5', op, detail: `row ${id} is in ${tenantId}; its token was of ${first.tenant}` };
    }
  }
}

function* effectsOfRefusals(found: Found): Generator<Violation> {
  for (const { op, first, requests, rows } of found.posts.values()) {
    if (rows.length > 0 && requests.every((r) => r.answer.kind === 'refused')) {
      const told = requests.map((r) => (r.answer.kind === 'refused' ? r.answer.status : '')).join(', ');
      yield { invariant: 'I7', op, detail: `answered ${told}, and yet it is stored` };
    }
    if (first.postId === null) continue;
    const commands = new Set(
      requests.flatMap((r) => (r.answer.kind === 'accepted' ? [r.answer.commandId] : [])),
    );
    if (commands.size > 1) {
      yield { invariant: 'I7', op, detail: `repeating it made ${commands.size} commands of one` };
    }
    for (const commandId of commands) {
      if (found.outcomeOfCommand.get(commandId)?.code !== 'id_taken') continue;
      yield { invariant: 'I7', op, detail: 'its own repetition took its id: the job failed with id_taken' };
    }
  }
}
