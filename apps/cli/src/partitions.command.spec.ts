import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { migrate } from '@spillway/database';
import { createSpecDatabase, watchLeaks, type LeakCheck, type SpecDatabase } from '@spillway/testing';
import { partitionsCommand } from './partitions.command.js';

describe('partitions', () => {
  let leaks: LeakCheck;
  let database: SpecDatabase;
  let printed: string[];

  beforeAll(async () => {
    leaks = watchLeaks();
    database = await createSpecDatabase('cli_partitions');
    await migrate(database.urlOf('migrator'));
    process.env['MIGRATOR_URLS'] = `s0=${database.urlOf('migrator')}`;
  });
  afterAll(async () => {
    Reflect.deleteProperty(process.env, 'MIGRATOR_URLS');
    await database.drop();
    await leaks.expectNoLeaks();
  });
  beforeEach(() => {
    printed = [];
    jest.spyOn(console, 'log').mockImplementation((line: string) => void printed.push(line));
  });
  afterEach(() => {
    jest.restoreAllMocks();
  });

  const run = async (...words: string[]): Promise<string[]> => {
    printed = [];
    await partitionsCommand().exitOverride().parseAsync(words, { from: 'user' });
    return printed;
  };

  it('are made from a month on, listed, and detached when that is meant', async () => {
    const ago = (count: number): string => {
      const now = new Date();
      return new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - count, 1)).toISOString().slice(0, 7);
    };
    const name = (count: number): string => `posts_${ago(count).replace('-', '')}`;
    expect(await run('ensure', '--from', ago(3))).toEqual(['shard s0: made 2 months']);
    expect(await run('ensure')).toEqual(['shard s0: nothing was missing']);
    const listed = (await run('list', '--json')).map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(listed).toContainEqual(
      expect.objectContaining({ shard: 's0', table: name(3), month: ago(3), state: 'attached' }),
    );
    expect(await run('detach', '--older-than', '2', '--dry-run')).toContain(
      `shard s0: would detach ${name(3)}`,
    );
    expect(await run('detach', '--older-than', '2')).toContain(`shard s0: detach ${name(3)}`);
    expect((await run('list')).filter((line) => line.includes(' detached '))).toHaveLength(3);
    expect(await run('detach', '--older-than', '2', '--drop')).toContain(
      `shard s0: drop ${name(3)}_detached`,
    );
    expect(await run('detach', '--older-than', '2', '--drop')).toEqual(['shard s0: nothing is older']);
  });
});
