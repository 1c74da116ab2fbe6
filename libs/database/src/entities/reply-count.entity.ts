import { Column, Entity, PrimaryColumn } from 'typeorm';

/** Replies of a post that are not deleted, up to the cursor `counts`. */
@Entity({ name: 'reply_counts', schema: 'public' })
export class ReplyCountEntity {
  @PrimaryColumn({ name: 'tenant_id', type: 'text' })
  tenantId!: string;

  @PrimaryColumn({ name: 'post_id', type: 'uuid' })
  postId!: string;

  @Column({ type: 'int' })
  replies!: number;

  @Column({ name: 'last_reply_at', type: 'timestamptz', nullable: true })
  lastReplyAt!: Date | null;
}
