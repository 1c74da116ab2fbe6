import { markerOf } from './content.js';
import type { Evidence, OutcomeRow, PostRow, RequestRecord } from './history.js';

/** Ends that a client is told as `failed`, or will be when an operator has looked at it. */
const FAILURES = new Set(['rejected', 'denied', 'discarded', 'parked']);

/** A post of the load: its requests, and the rows that turned out to be its. */
export interface Post {
  readonly op: string;
  readonly first: RequestRecord;
  readonly requests: RequestRecord[];
  readonly rows: PostRow[];
}

/** The evidence, joined. */
export class Found {
  readonly posts = new Map<string, Post>();
  /** Rows that belong to nothing that was sent. */
  readonly strangers: PostRow[] = [];
  readonly rowOfCommand = new Map<string, PostRow>();
  readonly outcomeOfCommand = new Map<string, OutcomeRow>();
  readonly deadCommands = new Set<string>();
  private readonly byMarker = new Map<string, Post>();
  private readonly byPostId = new Map<string, Post>();

  constructor({ requests, rows, outcomes, deadLetters }: Evidence) {
    for (const request of requests) {
      const post = this.posts.get(request.op) ?? { op: request.op, first: request, requests: [], rows: [] };
      post.requests.push(request);
      this.posts.set(request.op, post);
      this.byMarker.set(request.marker, post);
      if (request.postId !== null) this.byPostId.set(request.postId, post);
      if (request.answer.kind === 'accepted') this.byPostId.set(request.answer.postId, post);
    }
    for (const row of rows) {
      this.rowOfCommand.set(row.commandId, row);
      const post = this.byPostId.get(row.id) ?? this.byMarker.get(markerOf(row.content) ?? '');
      if (post) post.rows.push(row);
      else this.strangers.push(row);
    }
    for (const outcome of outcomes) this.outcomeOfCommand.set(outcome.commandId, outcome);
    for (const { commandId } of deadLetters) if (commandId !== null) this.deadCommands.add(commandId);
  }

  failed(commandId: string): boolean {
    const outcome = this.outcomeOfCommand.get(commandId)?.outcome;
    return this.deadCommands.has(commandId) || (outcome !== undefined && FAILURES.has(outcome));
  }
}
