import { Column, Entity, PrimaryColumn } from 'typeorm';

export type StoredOutcome = 'completed' | 'superseded' | 'rejected' | 'alias' | 'discarded' | 'parked';

/** How a command ended where the post's row cannot tell. */
@Entity({ name: 'command_outcomes', schema: 'public' })
export class CommandOutcomeEntity {
  @PrimaryColumn({ name: 'tenant_id', type: 'text' })
  tenantId!: string;

  @PrimaryColumn({ name: 'command_id', type: 'uuid' })
  commandId!: string;

  @Column({ type: 'text' })
  outcome!: StoredOutcome;

  @Column({ type: 'text', nullable: true })
  code!: string | null;

  @Column({ type: 'text', nullable: true })
  detail!: string | null;

  @Column({ name: 'post_id', type: 'uuid' })
  postId!: string;

  @Column({ type: 'timestamptz' })
  at!: Date;
}
