import { Column, Entity, PrimaryColumn } from 'typeorm';

/** Where the change feed begins to differ from the timelines before this one. */
@Entity({ name: 'feed_timelines', schema: 'public' })
export class FeedTimelineEntity {
  @PrimaryColumn({ type: 'int' })
  timeline!: number;

  /** An xid8, for which TypeORM has no name. */
  @Column({ name: 'from_xid', type: 'bigint' })
  fromXid!: string;

  @Column({ type: 'timestamptz' })
  at!: Date;
}
