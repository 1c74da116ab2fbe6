import { Column, Entity, PrimaryColumn } from 'typeorm';

/** What one transaction did to a post: a row of the change feed, in the order of (xid, postId). */
@Entity({ name: 'post_changes', schema: 'public' })
export class PostChangeEntity {
  @PrimaryColumn({ name: 'tenant_id', type: 'text' })
  tenantId!: string;

  /** An xid8, for which TypeORM has no name. */
  @PrimaryColumn({ type: 'bigint' })
  xid!: string;

  @PrimaryColumn({ name: 'post_id', type: 'uuid' })
  postId!: string;

  @Column({ type: 'boolean' })
  created!: boolean;

  @Column({ type: 'int' })
  edits!: number;

  @Column({ type: 'boolean' })
  deleted!: boolean;

  @Column({ type: 'timestamptz' })
  at!: Date;
}
