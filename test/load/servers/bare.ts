/**
 * The unit F: Fastify alone. It reads a body as JSON and answers 202 with as many bytes as the gateway does, and
 * does nothing besides.
 */
import type { AddressInfo } from 'node:net';
import Fastify from 'fastify';
import { LISTEN } from './listen.js';

/** As long as a ticket of ours. */
const JOB_ID = 'x'.repeat(76);

const app = Fastify({ logger: false });
app.post('/v1/posts', (_request, reply) => {
  void reply.code(202).header('location', `/v1/jobs/${JOB_ID}`);
  return { message: 'Post creation queued successfully', jobId: JOB_ID, status: 'processing' };
});
await app.listen(LISTEN);

process.on('message', () => {
  const { port } = app.server.address() as AddressInfo;
  process.send?.({ result: `http://127.0.0.1:${port}` });
});
process.on('disconnect', () => process.exit());
