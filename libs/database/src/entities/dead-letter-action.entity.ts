import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { DeadLetterAction } from '@spillway/contracts';

/** What an operator did about a dead letter, who, why, and what came of it. */
@Entity({ name: 'dead_letter_actions', schema: 'public' })
export class DeadLetterActionEntity {
  @PrimaryColumn({ name: 'letter_id', type: 'uuid' })
  letterId!: string;

  @PrimaryColumn({ name: 'action_id', type: 'uuid' })
  actionId!: string;

  @Column({ name: 'tenant_id', type: 'text', nullable: true })
  tenantId!: string | null;

  @Column({ type: 'text' })
  action!: DeadLetterAction['action'];

  @Column({ type: 'text' })
  actor!: string;

  @Column({ type: 'text' })
  via!: DeadLetterAction['via'];

  @Column({ type: 'text' })
  why!: string;

  @Column({ type: 'timestamptz' })
  at!: Date;

  @Column({ type: 'text' })
  result!: DeadLetterAction['result'];

  @Column({ type: 'text', nullable: true })
  detail!: string | null;

  @Column({ name: 'ended_at', type: 'timestamptz', nullable: true })
  endedAt!: Date | null;
}
