import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '@spillway/testing';
import { atLeast, EVENTUAL } from './freshness.js';
import type { Router } from './router.js';
import { findsNodes, hasPost, openClusterFixture, SHARD, TENANT, writePost } from './spec/cluster-fixture.js';
import type { ClusterFixture } from './spec/cluster-fixture.js';

const COMMITS = 1_000;
const READS_EACH = 10;
const AT_ONCE = 5;

describe('with one replica two seconds behind', () => {
  let fixture: ClusterFixture;
  let writer: Router;
  let reader: Router;

  beforeAll(async () => {
    fixture = await openClusterFixture(2, [[`recovery_min_apply_delay = '2s'`]]);
    writer = fixture.open('writer');
    // Whoever must wait too long on a busy machine may ask the primary: refusals are another spec's matter.
    reader = fixture.open('reader', { poolMax: AT_ONCE * READS_EACH, primaryReadShare: 1 });
    await findsNodes(writer, 2);
    await findsNodes(reader, 2);
  }, 60_000);
  afterAll(() => fixture.close());

  it('no answer of 10 000 reads with a position is older than it', async () => {
    const served = new Map<string, number>();
    const stale: string[] = [];
    const lane = async (): Promise<void> => {
      for (let n = 0; n < COMMITS / AT_ONCE; n++) {
        const { id, position } = await writePost(writer);
        const answers = await Promise.all(
          Array.from({ length: READS_EACH }, () =>
            reader.onReplica(SHARD, TENANT, atLeast(position), hasPost(id)),
          ),
        );
        for (const { value, servedBy } of answers) {
          served.set(servedBy, (served.get(servedBy) ?? 0) + 1);
          if (!value) stale.push(`${id} from ${servedBy}`);
        }
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, lane));
    expect(stale).toEqual([]);
    expect([...served.values()].reduce((a, b) => a + b)).toBe(COMMITS * READS_EACH);
    expect(served.get('replica-1') ?? 0).toBe(0);
    expect(served.get('replica-2') ?? 0).toBeGreaterThan(COMMITS * READS_EACH * 0.5);
  }, 120_000);

  it('who asks for no position is not sent there either, until it has caught up', async () => {
    const { id } = await writePost(writer);
    await eventually('the one behind is left', async () => {
      await writePost(writer);
      return (reader.replicaLags[0]?.value ?? 0) > 1;
    });
    const answers = await Promise.all(
      Array.from({ length: 200 }, () => reader.onReplica(SHARD, TENANT, EVENTUAL, hasPost(id))),
    );
    expect(new Set(answers.map(({ servedBy }) => servedBy))).toEqual(new Set(['replica-2']));
    await eventually('it has caught up', () => (reader.replicaLags[0]?.value ?? 9) < 1, {
      deadlineMs: 15_000,
    });
  }, 60_000);
});
