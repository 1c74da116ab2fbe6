import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { Revocation } from '@spillway/contracts';

/** A token that is refused until it expires, and who decided that and why. */
@Entity({ name: 'revoked_tokens', schema: 'public' })
export class RevokedTokenEntity {
  @PrimaryColumn({ name: 'tenant_id', type: 'text' })
  tenantId!: string;

  @PrimaryColumn({ type: 'text' })
  jti!: string;

  @Column({ type: 'timestamptz' })
  exp!: Date;

  @Column({ type: 'uuid' })
  id!: string;

  @Column({ type: 'text' })
  actor!: string;

  @Column({ type: 'text' })
  via!: Revocation['via'];

  @Column({ type: 'text' })
  why!: string;

  @Column({ type: 'timestamptz' })
  at!: Date;
}
