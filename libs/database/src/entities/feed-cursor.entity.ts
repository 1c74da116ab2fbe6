import { Column, Entity, PrimaryColumn } from 'typeorm';

/** How far a follower of the change feed is: everything with a lesser xid is done. */
@Entity({ name: 'feed_cursors', schema: 'public' })
export class FeedCursorEntity {
  @PrimaryColumn({ type: 'text' })
  name!: 'counts' | 'search' | 'purged';

  /** An xid8, for which TypeORM has no name. */
  @Column({ type: 'bigint' })
  xid!: string;

  @Column({ type: 'timestamptz' })
  at!: Date;

  @Column({ type: 'text', array: true, nullable: true })
  languages!: string[] | null;
}
