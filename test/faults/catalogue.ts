import type { Fault } from './fault.js';
import { gatewayDies } from './faults/f01-gateway-dies.js';
import { gatewayStops } from './faults/f02-gateway-stops.js';
import { brokerDies } from './faults/f04-broker-dies.js';
import { unroutable } from './faults/f09-unroutable.js';
import { writerDies } from './faults/f12-writer-dies.js';
import { poisonPost } from './faults/f14-poison-post.js';
import { primaryDown } from './faults/f17-primary-down.js';
import { redisFails } from './faults/f21-redis-fails.js';
import type { Mutant } from './mutants/preload.js';

/** A line of the matrix. Those without `fault` are not built yet. */
export interface Entry {
  readonly id: string;
  readonly title: string;
  readonly how: string;
  readonly fault?: Fault;
}

/** The whole matrix, in its order. `mutants` is what the writers run with besides: the broken build. */
export function catalogue(mutants: readonly Mutant[] = []): readonly Entry[] {
  const built = (fault: Fault): Entry => ({ id: fault.id, title: fault.title, how: fault.how, fault });
  const later = (id: string, title: string, how: string): Entry => ({ id, title, how });
  return [
    built(gatewayDies),
    built(gatewayStops),
    later('F3', 'gateway hangs 10 s', 'SIGSTOP/CONT'),
    built(brokerDies),
    later('F5', 'broker hangs 20 s', 'SIGSTOP'),
    later('F6', 'AMQP connection cut', 'reset by a TCP proxy'),
    later('F7', 'slow broker', 'proxy +500 ms'),
    later('F8', 'memory or disk alarm', 'rabbitmqctl watermark'),
    built(unroutable),
    later('F10', 'queue full', 'max-length 10'),
    later('F11', 'channel error 406', 'provoke'),
    built(writerDies(mutants)),
    later('F13', 'zombie writer', 'SIGSTOP past the heartbeat, CONT'),
    built(poisonPost),
    later('F15', 'a command that kills the writer', 'crafted'),
    later('F16', 'Postgres backend killed mid-batch; ambiguous commit', 'pg_terminate_backend; proxy cut'),
    built(primaryDown),
    later('F18', 'primary hangs', 'SIGSTOP; lock'),
    later('F19', 'replica replay paused', 'pg_wal_replay_pause'),
    later('F20', 'replica dies', 'kill -9'),
    built(redisFails),
    later('F22', 'overload 2×, 4×, 10×', 'open-loop load'),
    later('F23', '100 concurrent requests with one key; then another body', ''),
    later('F24', 'telemetry collector black hole, blocked log pipe', ''),
    later('F25', 'a noisy tenant at 20× its quota', ''),
    later('F26', 'an old writer meets a newer envelope', ''),
    later('F27', 'dead-letter queue full or gone', ''),
    later('F28', 'three brokers: leader killed; minority; no majority', '--brokers 3'),
    later('F29', 'primary lost for good, replica promoted', 'kill -9, promote'),
    later('F30', 'clock jumps ±10 min', 'faketime'),
    later('F31', 'random mixture of the above, seeded, 10 min', ''),
    later('F32', 'edits and deletes out of order, from gateways with different clocks', 'clock offset'),
  ];
}
