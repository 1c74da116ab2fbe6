import { statfsSync } from 'node:fs';
import { availableParallelism, totalmem } from 'node:os';

/** What the settings of a node are computed from; sizes in bytes. */
export interface Machine {
  readonly memory: number;
  readonly cores: number;
  readonly freeDisk: number;
  /** Postgres nodes that share it. */
  readonly nodes: number;
}

const MIB = 2 ** 20;
const GIB = 2 ** 30;
/** The server connections of deploy/pgbouncer/pgbouncer.ini. */
const POOLED = 50;

/** This machine, or the container that it is for us. */
export function thisMachine(nodes: number, dataFolder: string): Machine {
  const { bavail, bsize } = statfsSync(dataFolder);
  // Without a limit Node tells 0 or a number beyond any machine.
  const limit = process.constrainedMemory() || Infinity;
  return {
    memory: Math.min(totalmem(), limit),
    cores: availableParallelism(),
    freeDisk: bavail * bsize,
    nodes,
  };
}

/** Fills the places of deploy/postgres/postgresql.conf, which says why. */
export function postgresSettings({ memory, cores, freeDisk, nodes }: Machine): Record<string, string> {
  const share = memory / 2 / nodes;
  return {
    SHARED_BUFFERS: megabytes(share / 4, 128 * MIB, 8 * GIB),
    EFFECTIVE_CACHE_SIZE: megabytes((share * 3) / 4, 256 * MIB, Infinity),
    WORK_MEM: megabytes(share / 16 / POOLED, 4 * MIB, 32 * MIB),
    MAINTENANCE_WORK_MEM: megabytes(share / 16, 64 * MIB, 512 * MIB),
    PARALLEL_MAINTENANCE_WORKERS: String(Math.max(1, Math.min(4, Math.floor(cores / 2)))),
    MAX_WAL_SIZE: megabytes(freeDisk / 20, GIB, 8 * GIB),
  };
}

const megabytes = (bytes: number, least: number, most: number): string =>
  `${Math.floor(Math.min(Math.max(bytes, least), most) / MIB)}MB`;
