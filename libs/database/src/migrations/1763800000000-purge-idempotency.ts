import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Lets the writer delete idempotency keys, which mean nothing after their 24 hours.
 * Reverse: REVOKE DELETE ON idempotency FROM writer.
 */
export class PurgeIdempotency1763800000000 implements MigrationInterface {
  readonly name = 'PurgeIdempotency1763800000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('GRANT DELETE ON idempotency TO writer');
  }

  async down(): Promise<void> {
    return Promise.reject(new Error('Migrations go forward only; restore a backup instead.'));
  }
}
