import { eventually, mintToken, notYet } from '@spillway/testing';
import { checkEdits } from '../edit-checker.js';
import { Editor } from '../editor.js';
import type { Fault, FaultContext } from '../fault.js';
import { preload } from '../mutants/preload.js';
import { Random } from '../random.js';

const POSTS = 20;
const ROUNDS = 4;
const OFFSETS_MS = [-3_000, 3_000] as const;
const ENDED_WITHIN_MS = 90_000;
let restore: readonly (() => void)[] = [];

/**
 * Two gateways whose clocks are six seconds apart, below what makes one unfit. Changes of one post go through
 * both, all at once; some come before their post, some after its deletion.
 */
export const editsOutOfOrder: Fault = {
  id: 'F32',
  title: 'edits and deletes out of order, from gateways with different clocks',
  how: 'clock offset',
  async prepare({ stack, components }) {
    restore = stack.ofRole('gateway').map(({ name }, i) =>
      preload(stack.dir, [name], ['clock-offset'], {
        SPILLWAY_CLOCK_OFFSET_MS: String(OFFSETS_MS[i] ?? 0),
      }),
    );
    await components.bounceAll('gateway');
  },
  async run(context) {
    const { stack, seed, injected, healed, expect, note } = context;
    injected();
    const tenant = tenantOf(context);
    const token = await mintToken(stack.dir, { tenant, sub: 'ada', roles: ['author'] });
    const urls = stack.ofRole('gateway').map(({ name }) => stack.urlOf(name));
    const editor = new Editor({ urls, token, random: new Random(seed + 32) });
    await Promise.all(Array.from({ length: POSTS }, (_, n) => change(editor, n)));
    healed();
    const { changes, refusals } = editor;
    expect(refusals.length === 0, `every change was accepted (${refusals.slice(0, 3).join(', ')})`);
    const outcomes = await ended(context, editor);
    const superseded = outcomes.filter((o) => o === 'superseded').length;
    note(
      `${changes.length} changes of ${POSTS} posts were accepted; ${superseded} came too late for their order`,
    );
    expect(superseded > 0, 'some changes arrived after later ones');
    const rows = await editor.rows(context.primary, tenant);
    const violations = checkEdits(changes, rows);
    for (const sentence of violations) expect(false, sentence);
    const deleted = rows.filter(({ deletedBy }) => deletedBy !== null).length;
    note(`${rows.length} posts are there, ${deleted} of them deleted`);
    expect(deleted > 0 && deleted < rows.length, 'some posts were deleted, some were not');
  },
  async cleanUp({ components }) {
    if (restore.length === 0) return;
    for (const back of restore) back();
    restore = [];
    await components.bounceAll('gateway');
  },
};

/** Outside of what the checker of the load looks at: these rows are changed on purpose. */
const tenantOf = ({ run }: FaultContext): string => `edits-${run}`;

/** Everything that is done to one post, mostly at once, through either gateway. */
async function change(editor: Editor, n: number): Promise<void> {
  const isLate = n % 5 === 0;
  const isDeleted = n % 3 === 0;
  const post = editor.begin(n);
  // A change may overtake its post on another gateway; it then waits for it.
  const early = isLate ? [editor.edit(post, 'content'), editor.edit(post, 'tags')] : [];
  if (isLate) await Promise.all(early);
  await editor.create(post);
  for (let round = 0; round < ROUNDS; round++) {
    const work = [editor.edit(post, 'content'), editor.edit(post, 'tags'), editor.edit(post, 'both')];
    if (isDeleted && round === Math.floor(ROUNDS / 2)) work.push(editor.delete(post));
    await Promise.all(work);
  }
  // It was there, so this is the same command again; deleted, it stays so.
  if (isDeleted) await editor.create(post);
}

/** Waits until the primary knows an end for each change. @returns the outcomes. */
async function ended(context: FaultContext, editor: Editor): Promise<readonly string[]> {
  const wanted = editor.changes.flatMap(({ kind, commandId }) =>
    kind === 'create' || commandId === null ? [] : [commandId],
  );
  return eventually(
    'every change has ended',
    () =>
      context.primary.with(async (client) => {
        const { rows } = await client.query<{ outcome: string }>(
          'SELECT outcome FROM command_outcomes WHERE tenant_id = $1 AND command_id = ANY($2::uuid[])',
          [tenantOf(context), wanted],
        );
        return rows.length === wanted.length ? rows.map((r) => r.outcome) : notYet({ ended: rows.length });
      }),
    { deadlineMs: ENDED_WITHIN_MS, everyMs: 300 },
  );
}
