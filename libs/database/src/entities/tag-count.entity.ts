import { Column, Entity, PrimaryColumn } from 'typeorm';
import { whole } from './whole.js';

/** Posts that carry a tag, up to the cursor `counts`. */
@Entity({ name: 'tag_counts', schema: 'public' })
export class TagCountEntity {
  @PrimaryColumn({ name: 'tenant_id', type: 'text' })
  tenantId!: string;

  @PrimaryColumn({ type: 'text' })
  tag!: string;

  @Column({ type: 'bigint', transformer: whole })
  posts!: number;
}
