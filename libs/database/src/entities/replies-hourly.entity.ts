import { Column, Entity, PrimaryColumn } from 'typeorm';

/** Replies of an hour that are not deleted, by the post they answer, up to the cursor `counts`. */
@Entity({ name: 'replies_hourly', schema: 'public' })
export class RepliesHourlyEntity {
  @PrimaryColumn({ name: 'tenant_id', type: 'text' })
  tenantId!: string;

  @PrimaryColumn({ type: 'timestamptz' })
  hour!: Date;

  @PrimaryColumn({ name: 'post_id', type: 'uuid' })
  postId!: string;

  @Column({ type: 'int' })
  replies!: number;
}
