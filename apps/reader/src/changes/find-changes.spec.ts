import { randomInt } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Client } from 'pg';
import { uuidV7 } from '@spillway/contracts';
import { migrate } from '@spillway/database';
import { EVENTUAL, STRONG, type Freshness } from '@spillway/database/read';
import { eventually } from '@spillway/testing';
import { openReaderFixture, type ReaderFixture } from '../spec/reader-fixture.js';
import { type FeedPlace, NO_POST } from './change-cursor.js';
import { findChanges, placeOfNow, type FoundChanges } from './find-changes.js';

const WRITERS = 8;

describe('the changes of a tenant', () => {
  let fixture: ReaderFixture;
  let tenant: string;
  const writers: Client[] = [];

  beforeAll(async () => {
    fixture = await openReaderFixture({ migrate });
    for (let n = 0; n < WRITERS; n++) {
      const client = new Client({ connectionString: fixture.database.urlOf('writer') });
      await client.connect();
      writers.push(client);
    }
  });
  afterAll(async () => {
    await Promise.all(writers.map((client) => client.end()));
    await fixture.close();
  });
  beforeEach(async () => {
    tenant = await fixture.freshTenant();
  });

  const changes = async (after?: FeedPlace, limit = 10, freshness: Freshness = STRONG) =>
    (await fixture.reads.read(tenant, freshness, (scope) => findChanges(scope, tenant, after, limit))).value;
  const some = async (after?: FeedPlace, limit = 10, freshness?: Freshness): Promise<FoundChanges> => {
    const found = await changes(after, limit, freshness);
    if (!found) throw new Error('the place has expired');
    return found;
  };
  /** Waits until no transaction of this server that may be in the way is running: others use it, too. */
  const settled = async (): Promise<void> => {
    await eventually('everything noted is older than what is running', async () => {
      const [row] = await fixture.database.query<{ ok: boolean }>(
        'SELECT pg_snapshot_xmin(pg_current_snapshot()) > max(xid) AS ok FROM post_changes',
      );
      return row?.ok === true;
    });
    await fixture.replayed();
  };
  const now = async (): Promise<FeedPlace> =>
    (await fixture.reads.read(tenant, STRONG, (scope) => placeOfNow(scope))).value;
  const note = (client: Client, postId: string, what: object, of = tenant): Promise<unknown> =>
    client.query(
      `INSERT INTO post_changes (tenant_id, post_id, created, edits, deleted)
       SELECT $1, $2, coalesce(created, false), coalesce(edits, 0), coalesce(deleted, false)
       FROM jsonb_to_record($3) AS w(created boolean, edits int, deleted boolean)`,
      [of, postId, JSON.stringify(what)],
    );
  const writer = (n: number): Client => {
    const client = writers[n];
    if (!client) throw new Error(`there is no writer ${n}`);
    return client;
  };

  const purgedAt = async (xid: string): Promise<string> => {
    const [row] = await fixture.database.query<{ xid: string }>(
      `UPDATE feed_cursors c SET xid = $1::xid8 FROM feed_cursors old
       WHERE c.name = 'purged' AND old.name = 'purged' RETURNING old.xid::text AS xid`,
      [xid],
    );
    return row?.xid ?? '0';
  };
  const withPurgedAt = async (xid: string, work: () => Promise<void>): Promise<void> => {
    const before = await purgedAt(xid);
    try {
      await work();
    } finally {
      await purgedAt(before);
    }
  };

  it('come in the order of commits, with the posts as they are now, page by page', async () => {
    const [a = '', b = ''] = await fixture.store(
      tenant,
      { content: 'one' },
      { content: 'two', deleted: true },
    );
    for (const [id, what] of [
      [b, { created: true }],
      [a, { created: true }],
      [a, { edits: 2 }],
      [b, { edits: 1, deleted: true }],
    ] as const)
      await note(writer(1), id, what);
    await note(writer(1), uuidV7(), { created: true }, `${tenant}-other`);
    await settled();
    const first = await some(undefined, 3);
    expect(
      first.changes.map(({ postId, created, deleted, post }) => [postId, created, deleted, post?.content]),
    ).toEqual([
      [b, true, false, undefined],
      [a, true, false, 'one'],
      [a, false, false, 'one'],
    ]);
    expect(first.more).toBe(true);
    const second = await some(first.place, 3);
    expect(second.changes).toMatchObject([{ postId: b, deleted: true, post: undefined }]);
    expect(second.more).toBe(false);
    expect(await some(second.place)).toEqual({ changes: [], more: false, place: second.place });
  });

  it('are never missed and never repeated while transactions commit out of order', async () => {
    const noted: string[] = [];
    const seen: string[] = [];
    let place: FeedPlace | undefined = await now();
    const follow = async (freshness: Freshness): Promise<boolean> => {
      const found = await some(place, randomInt(1, 6), freshness);
      seen.push(...found.changes.map(({ postId }) => postId));
      place = found.place;
      return found.more;
    };
    for (let round = 0; round < 12; round++) {
      for (const client of writers) {
        await client.query('BEGIN');
        for (let n = randomInt(1, 4); n > 0; n--) {
          const id = uuidV7(Date.now() - randomInt(0, 1e9));
          await note(client, id, { created: true });
          noted.push(id);
        }
      }
      for (const client of [...writers].sort(() => randomInt(0, 2) - 0.5)) {
        await client.query('COMMIT');
        await follow(randomInt(0, 2) === 0 ? EVENTUAL : STRONG);
      }
    }
    await settled();
    for (const freshness of [EVENTUAL, STRONG]) while (await follow(freshness));
    expect([...seen].sort()).toEqual([...noted].sort());
    expect(new Set(seen).size).toBe(seen.length);
  });

  it('come in the order of transactions as numbers, where they gain a digit', async () => {
    const ids = [98, 99, 100, 101].map((xid) => ({ xid, id: uuidV7() }));
    await fixture.database.query(
      `INSERT INTO post_changes (tenant_id, xid, post_id, created)
       SELECT $1, xid::text::xid8, id, true FROM jsonb_to_recordset($2) AS c(xid int, id uuid)`,
      [tenant, JSON.stringify(ids)],
    );
    await withPurgedAt('90', async () => {
      const walked: string[] = [];
      for (let page = await some(undefined, 1); ; page = await some(page.place, 1)) {
        walked.push(...page.changes.map(({ postId }) => postId));
        if (!page.more) break;
      }
      expect(walked).toEqual(ids.map(({ id }) => id));
    });
  });

  it('wait for a transaction that is still running, and for those that began after it', async () => {
    const [slow, quick] = [writer(2), writer(3)];
    const [held, later] = [uuidV7(), uuidV7()];
    await slow.query('BEGIN');
    await note(slow, held, { created: true });
    await note(quick, later, { created: true });
    expect((await some()).changes).toEqual([]);
    await slow.query('COMMIT');
    await settled();
    expect((await some()).changes.map(({ postId }) => postId)).toEqual([held, later]);
  });

  it('from now on leave out what was before, and miss nothing that commits later', async () => {
    const [slow, quick] = [writer(2), writer(3)];
    await note(quick, uuidV7(), { created: true });
    await settled();
    const held = uuidV7();
    await slow.query('BEGIN');
    await note(slow, held, { created: true });
    const place = await now();
    await slow.query('COMMIT');
    await settled();
    expect((await some(place)).changes.map(({ postId }) => postId)).toEqual([held]);
  });

  it('are gone for a place before what was purged, which is no silent gap', async () => {
    const [purged] = await fixture.database.query<{ xid: string }>(
      `SELECT xid::text FROM feed_cursors WHERE name = 'purged'`,
    );
    const xid = BigInt(purged?.xid ?? 0);
    expect(await changes({ timeline: 0, xid, postId: NO_POST })).not.toBeNull();
    expect(await changes({ timeline: 0, xid: xid - 1n, postId: NO_POST })).toBeNull();
  });

  it('are repeated from where a promotion may have replaced them', async () => {
    const ids = [uuidV7(), uuidV7()] as const;
    for (const id of ids) await note(writer(1), id, { created: true });
    await settled();
    const first = await some(undefined, 1);
    const end = (await some()).place;
    await fixture.database.query(
      'INSERT INTO feed_timelines (timeline, from_xid) VALUES (7, $1::text::xid8)',
      [String(first.place.xid)],
    );
    try {
      const again = await some(end);
      expect(again.changes.map(({ postId }) => postId)).toEqual(ids);
      expect(again.place).toEqual({ ...end, timeline: 7 });
      expect((await some(again.place)).changes).toEqual([]);
    } finally {
      await fixture.database.query('DELETE FROM feed_timelines');
    }
  });
});
