/** What a client asked to be done to a post and was told 202 for, or something that leaves it unknown. */
export interface Change {
  readonly postId: string;
  readonly kind: 'create' | 'edit' | 'delete';
  /** Null when the answer was unknown: it may have its effect or not. */
  readonly commandId: string | null;
  readonly content?: string;
  readonly tags?: readonly string[];
}

/** A post on the primary. */
export interface ChangedRow {
  readonly id: string;
  readonly content: string;
  readonly contentVersion: string;
  readonly tags: readonly string[];
  readonly tagsVersion: string;
  readonly deletedBy: string | null;
}

/**
 * Compares accepted creations, edits and deletions with the rows. Of each field the change with the greatest
 * command id stands, however they arrived; once a deletion was accepted nothing is left. Pure.
 * @returns one sentence a violation.
 */
export function checkEdits(changes: readonly Change[], rows: readonly ChangedRow[]): string[] {
  const rowOf = new Map(rows.map((row) => [row.id, row]));
  const byPost = Map.groupBy(changes, ({ postId }) => postId);
  return [...byPost].flatMap(([postId, asked]) => {
    const row = rowOf.get(postId);
    const accepted = asked.filter(({ commandId }) => commandId !== null);
    if (!row) {
      const created = accepted.some(({ kind }) => kind === 'create');
      return created ? [`${postId} was created and is not there`] : [];
    }
    return [...deletions(row, asked), ...wrongOrder(row, accepted), ...fields(row, asked)];
  });
}

function deletions(row: ChangedRow, asked: readonly Change[]): string[] {
  const deletes = asked.filter(({ kind }) => kind === 'delete');
  const promised = deletes.some(({ commandId }) => commandId !== null);
  if (row.deletedBy === null) {
    return promised ? [`${row.id} was deleted and came back, or never went`] : [];
  }
  const found: string[] = [];
  if (deletes.length === 0) found.push(`${row.id} is deleted, and nobody asked for it`);
  if (row.content !== '' || row.tags.length > 0)
    found.push(`${row.id} is deleted, and something of it is left`);
  return found;
}

/** A change's id is later than the post's, whatever the clock of its gateway said. */
const wrongOrder = (row: ChangedRow, accepted: readonly Change[]): string[] =>
  accepted
    .filter(({ kind, commandId }) => kind !== 'create' && commandId !== null && commandId <= row.id)
    .map(({ commandId }) => `${row.id} was changed by ${commandId ?? ''}, which is older than the post`);

function fields(row: ChangedRow, asked: readonly Change[]): string[] {
  if (row.deletedBy !== null) return [];
  return [
    ...field(
      row.id,
      'content',
      asked,
      row.contentVersion,
      (c) => c.content === row.content,
      ({ content }) => content !== undefined,
    ),
    ...field(
      row.id,
      'tags',
      asked,
      row.tagsVersion,
      (c) => JSON.stringify(c.tags) === JSON.stringify(row.tags),
      ({ tags }) => tags !== undefined,
    ),
  ];
}

function field(
  id: string,
  name: string,
  asked: readonly Change[],
  version: string,
  isStored: (change: Change) => boolean,
  changes: (change: Change) => boolean,
): string[] {
  const candidates = asked.filter(changes);
  const greatest = candidates
    .flatMap(({ commandId, kind }) => (commandId === null || kind === 'create' ? [] : [commandId]))
    .reduce((a, b) => (a > b ? a : b), '');
  const stands = candidates.find(({ commandId, kind }) =>
    kind === 'create' ? version === id : commandId === version,
  );
  if (version < greatest) return [`${id}: ${name} is of ${version}, and ${greatest} was accepted`];
  if (stands) return isStored(stands) ? [] : [`${id}: ${name} is not what ${version} said`];
  // It may be of a change whose answer was unknown.
  return candidates.some((c) => c.commandId === null && isStored(c))
    ? []
    : [`${id}: ${name} is of ${version}, which nobody was told of`];
}
