/** Where the benchmark's own servers listen: as many connections may wait in the kernel as for ours. */
export const LISTEN = { host: '127.0.0.1', port: 0, backlog: 4_096 } as const;
