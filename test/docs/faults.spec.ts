import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { catalogue } from '../faults/catalogue.js';

const PAGE = readFileSync(join(import.meta.dirname, '../../docs/faults.md'), 'utf8');

describe('docs/faults.md', () => {
  it('lists every fault of the catalogue, in its order, and says which are built', () => {
    const rows = [...PAGE.matchAll(/^\| (F\d+) +\| (built|not yet) +\| (.+?) +\|/gm)];
    expect(rows.map(([, id, state, title]) => [id, state, title])).toEqual(
      catalogue().map(({ id, title, fault }) => [id, fault ? 'built' : 'not yet', title]),
    );
  });
});
