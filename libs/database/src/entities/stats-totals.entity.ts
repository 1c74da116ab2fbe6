import { Column, Entity, PrimaryColumn } from 'typeorm';
import { whole } from './whole.js';

/** What became of all posts of a tenant, up to the cursor `counts`. */
@Entity({ name: 'stats_totals', schema: 'public' })
export class StatsTotalsEntity {
  @PrimaryColumn({ name: 'tenant_id', type: 'text' })
  tenantId!: string;

  @Column({ type: 'bigint', transformer: whole })
  created!: number;

  @Column({ type: 'bigint', transformer: whole })
  edited!: number;

  @Column({ type: 'bigint', transformer: whole })
  deleted!: number;
}
