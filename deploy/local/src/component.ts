/** Order of stopping: the highest first, equal ones together. Starting goes by readiness, not by this. */
export const TIER = { edge: 5, app: 4, broker: 3, pooler: 2, base: 1 } as const;

export type Role =
  | 'edge'
  | 'gateway'
  | 'writer'
  | 'reader'
  | 'rabbitmq'
  | 'postgres-primary'
  | 'postgres-replica'
  | 'pgbouncer'
  | 'redis'
  | 'traces'
  | 'prometheus'
  | 'exporter';

/** One supervised process. Its command must replace itself (exec), so that its pid is the component's. */
export interface Component {
  readonly name: string;
  /** Absent for helpers, which `stack.json` does not list. */
  readonly role?: Role;
  readonly tier: number;
  readonly argv: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  /** Port that tells that it listens; shown by `status`. */
  readonly port: number;
  /** What a client of this process uses, credentials included. */
  readonly url: string;
  readonly adminUrl?: string;
  /** Default SIGTERM. */
  readonly stopSignal?: 'TERM' | 'INT' | 'QUIT';
  readonly stopWaitSeconds: number;
}
