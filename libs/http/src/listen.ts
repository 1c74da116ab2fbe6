import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { acceptorsOf, requireFree, type ListenAddress } from './acceptors.js';

/**
 * Connections that wait in the kernel for each socket that listens. Node's own default, 511, is full after a tenth of a second
 * of a crowd. Then the kernel drops the end of the handshake, of which the client knows nothing: its
 * request is sent again after 0.2, 0.4, 0.8 s …, and waits for as long while the process has nothing to do. Linux lowers it to
 * `net.core.somaxconn` (4096 since 5.4; listen(2)).
 */
const LISTEN_BACKLOG = 4_096;

/** Takes connections from now on. @throws Error when the address is in use or not this machine's. */
export async function listen(app: NestFastifyApplication, address: ListenAddress): Promise<void> {
  await requireFree(address);
  const shared = { ...address, backlog: LISTEN_BACKLOG, reusePort: true };
  await app.listen(shared);
  await acceptorsOf(app.getHttpServer()).open(address, LISTEN_BACKLOG);
}
