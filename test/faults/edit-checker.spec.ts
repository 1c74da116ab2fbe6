import { describe, expect, it } from '@jest/globals';
import { checkEdits, type Change, type ChangedRow } from './edit-checker.js';

const id = (n: number): string => `01990000-0000-7000-8000-${n.toString(16).padStart(12, '0')}`;
const post = id(1);
const create: Change = { postId: post, kind: 'create', commandId: post, content: 'first', tags: ['a'] };
const edit = (n: number, change: Partial<Change>): Change => ({
  ...{ postId: post, kind: 'edit', commandId: id(n) },
  ...change,
});
const row: ChangedRow = {
  ...{ id: post, content: 'third', contentVersion: id(3), tags: ['a'], tagsVersion: post },
  deletedBy: null,
};
/** Arrived in the wrong order. */
const asked = [create, edit(3, { content: 'third' }), edit(2, { content: 'second' })];

describe('checkEdits', () => {
  it('finds nothing when the greatest command id of each field stands', () => {
    expect(checkEdits(asked, [row])).toEqual([]);
    const tagged = [...asked, edit(4, { tags: ['b', 'c'] })];
    expect(checkEdits(tagged, [{ ...row, tags: ['b', 'c'], tagsVersion: id(4) }])).toEqual([]);
  });

  it.each<[string, Partial<ChangedRow>, RegExp]>([
    ['an edit that a lesser one replaced', { content: 'second', contentVersion: id(2) }, /was accepted/],
    ['an edit that was forgotten', { content: 'first', contentVersion: post }, /was accepted/],
    ['content that is not of its version', { content: 'other' }, /not what/],
    ['tags that nobody gave', { tags: ['x'] }, /tags is not what/],
    ['a version that nobody was told of', { contentVersion: id(9) }, /nobody was told/],
    ['a deletion that nobody asked for', { content: '', tags: [], deletedBy: id(9) }, /nobody asked/],
  ])('catches %s', (_, change, sentence) => {
    expect(checkEdits(asked, [{ ...row, ...change }])).toEqual([expect.stringMatching(sentence)]);
  });

  it('catches a deleted post that came back, and one of which something is left', () => {
    const deleted: Change = { postId: post, kind: 'delete', commandId: id(2) };
    const gone: ChangedRow = { ...row, content: '', tags: [], deletedBy: id(2) };
    expect(checkEdits([create, deleted, edit(5, { content: 'late' })], [gone])).toEqual([]);
    expect(checkEdits([...asked, deleted], [row])).toEqual([expect.stringMatching(/came back/)]);
    expect(checkEdits([create, deleted], [{ ...gone, tags: ['a'] }])).toEqual([
      expect.stringMatching(/is left/),
    ]);
  });

  it('catches a change that is older than its post, and a post that is not there', () => {
    const early: Change = { ...edit(0, { tags: ['z'] }) };
    expect(checkEdits([...asked, early], [row])).toEqual([expect.stringMatching(/older than the post/)]);
    expect(checkEdits(asked, [])).toEqual([`${post} was created and is not there`]);
  });

  it('lets an unknown answer have its effect or not', () => {
    const unknown: Change = { ...edit(7, { content: 'maybe' }), commandId: null };
    expect(checkEdits([...asked, unknown], [row])).toEqual([]);
    expect(checkEdits([...asked, unknown], [{ ...row, content: 'maybe', contentVersion: id(7) }])).toEqual(
      [],
    );
  });
});
