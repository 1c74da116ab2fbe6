/** What a read is compared with: Fastify alone answers every GET with the same bytes and headers from memory. */
import type { AddressInfo } from 'node:net';
import Fastify from 'fastify';
import type { RecordedAnswer } from '../reads/recorded-answer.js';
import { LISTEN } from './listen.js';

const app = Fastify({ logger: false });
let answer: RecordedAnswer = { body: '', headers: {} };
app.get('*', (_request, reply) => reply.headers(answer.headers).send(answer.body));
await app.listen(LISTEN);

process.on('message', (given: RecordedAnswer) => {
  answer = given;
  const { port } = app.server.address() as AddressInfo;
  process.send?.({ result: `http://127.0.0.1:${port}` });
});
process.on('disconnect', () => process.exit());
