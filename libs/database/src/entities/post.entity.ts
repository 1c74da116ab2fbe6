import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A post as stored. A deletion empties the row and keeps it, so that erased content cannot come back. */
@Entity({ name: 'posts', schema: 'public' })
export class PostEntity {
  @PrimaryColumn({ name: 'tenant_id', type: 'text' })
  tenantId!: string;

  @PrimaryColumn({ type: 'uuid' })
  id!: string;

  @Column({ name: 'author_id', type: 'text' })
  authorId!: string;

  @Column({ name: 'channel_id', type: 'text', nullable: true })
  channelId!: string | null;

  @Column({ name: 'reply_to', type: 'uuid', nullable: true })
  replyTo!: string | null;

  @Column({ type: 'text' })
  content!: string;

  @Column({ name: 'content_version', type: 'uuid' })
  contentVersion!: string;

  @Column({ type: 'text', array: true })
  tags!: string[];

  @Column({ name: 'tags_version', type: 'uuid' })
  tagsVersion!: string;

  @Column({ name: 'deleted_by', type: 'uuid', nullable: true })
  deletedBy!: string | null;

  @Column({ name: 'command_id', type: 'uuid' })
  commandId!: string;

  @Column({ name: 'trace_id', type: 'text', nullable: true })
  traceId!: string | null;

  @Column({ name: 'stored_at', type: 'timestamptz' })
  storedAt!: Date;
}
