import { Column, Entity, PrimaryColumn } from 'typeorm';
import { whole } from './whole.js';

/** What became of the posts of an hour, up to the cursor `counts`: the hour is that of their ids. */
@Entity({ name: 'stats_hourly', schema: 'public' })
export class StatsHourlyEntity {
  @PrimaryColumn({ name: 'tenant_id', type: 'text' })
  tenantId!: string;

  @PrimaryColumn({ type: 'timestamptz' })
  hour!: Date;

  @Column({ type: 'bigint', transformer: whole })
  created!: number;

  @Column({ type: 'bigint', transformer: whole })
  edited!: number;

  @Column({ type: 'bigint', transformer: whole })
  deleted!: number;
}
