import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { DeadLetterState } from '@spillway/contracts';

/** A command that was put aside, without the message it came in, which holds content. */
@Entity({ name: 'dead_letters', schema: 'public' })
export class DeadLetterEntity {
  @PrimaryColumn({ type: 'uuid' })
  id!: string;

  @Column({ name: 'tenant_id', type: 'text', nullable: true })
  tenantId!: string | null;

  @Column({ name: 'command_id', type: 'uuid', nullable: true })
  commandId!: string | null;

  @Column({ name: 'post_id', type: 'uuid', nullable: true })
  postId!: string | null;

  @Column({ type: 'text', nullable: true })
  kind!: string | null;

  @Column({ type: 'text' })
  reason!: string;

  @Column({ type: 'int' })
  attempts!: number;

  @Column({ type: 'text' })
  state!: DeadLetterState;

  @Column({ type: 'timestamptz' })
  at!: Date;

  @Column({ name: 'resolved_at', type: 'timestamptz', nullable: true })
  resolvedAt!: Date | null;
}
