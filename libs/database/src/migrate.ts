import { DataSource } from 'typeorm';
import { MIGRATIONS } from './migrations/index.js';

/**
 * Brings one shard's schema up to date as its owner. Safe to repeat, and to run twice at once: the
 * whole run holds an advisory lock.
 * @returns the names of the migrations that were run.
 */
export async function migrate(url: string): Promise<readonly string[]> {
  const source = new DataSource({
    type: 'postgres',
    url,
    migrations: MIGRATIONS,
    migrationsTableName: 'schema_migrations',
    installExtensions: false,
    poolSize: 2,
    connectTimeoutMS: 2_000,
    applicationName: 'spillway migrate',
  });
  await source.initialize();
  const lock = source.createQueryRunner();
  try {
    await lock.query(`SELECT pg_advisory_lock(hashtext('spillway.migrate'))`);
    const done = await source.runMigrations({ transaction: 'each' });
    return done.map(({ name }) => name);
  } finally {
    await lock.query(`SELECT pg_advisory_unlock_all()`).catch(() => undefined);
    await lock.release();
    await source.destroy();
  }
}
