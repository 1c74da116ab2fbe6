import type { Fault } from './fault.js';
import { gatewayDies } from './faults/f01-gateway-dies.js';
import { gatewayStops } from './faults/f02-gateway-stops.js';
import { gatewayHangs } from './faults/f03-gateway-hangs.js';
import { brokerDies } from './faults/f04-broker-dies.js';
import { brokerHangs } from './faults/f05-broker-hangs.js';
import { connectionCut } from './faults/f06-connection-cut.js';
import { slowBroker } from './faults/f07-slow-broker.js';
import { brokerAlarm } from './faults/f08-broker-alarm.js';
import { unroutable } from './faults/f09-unroutable.js';
import { queueFull } from './faults/f10-queue-full.js';
import { channelError } from './faults/f11-channel-error.js';
import { writerDies } from './faults/f12-writer-dies.js';
import { zombieWriter } from './faults/f13-zombie-writer.js';
import { poisonPost } from './faults/f14-poison-post.js';
import { killerCommand } from './faults/f15-killer-command.js';
import { backendKilled } from './faults/f16-backend-killed.js';
import { primaryDown } from './faults/f17-primary-down.js';
import { primaryHangs } from './faults/f18-primary-hangs.js';
import { replayPaused } from './faults/f19-replay-paused.js';
import { replicaDies } from './faults/f20-replica-dies.js';
import { redisFails } from './faults/f21-redis-fails.js';
import { overload } from './faults/f22-overload.js';
import { oneKey } from './faults/f23-one-key.js';
import { telemetryStuck } from './faults/f24-telemetry-stuck.js';
import { noisyTenant } from './faults/f25-noisy-tenant.js';
import { newerEnvelope } from './faults/f26-newer-envelope.js';
import { deadLettersStuck } from './faults/f27-dead-letters-stuck.js';
import { clockJumps } from './faults/f30-clock-jumps.js';
import { editsOutOfOrder } from './faults/f32-edits-out-of-order.js';

/** A line of the matrix. Those without `fault` are not built yet. */
export interface Entry {
  readonly id: string;
  readonly title: string;
  readonly how: string;
  readonly fault?: Fault;
}

/** The whole matrix, in its order. */
export function catalogue(): readonly Entry[] {
  const built = (fault: Fault): Entry => ({ id: fault.id, title: fault.title, how: fault.how, fault });
  const later = (id: string, title: string, how: string): Entry => ({ id, title, how });
  return [
    built(gatewayDies),
    built(gatewayStops),
    built(gatewayHangs),
    built(brokerDies),
    built(brokerHangs),
    built(connectionCut),
    built(slowBroker),
    built(brokerAlarm),
    built(unroutable),
    built(queueFull),
    built(channelError),
    built(writerDies),
    built(zombieWriter),
    built(poisonPost),
    built(killerCommand),
    built(backendKilled),
    built(primaryDown),
    built(primaryHangs),
    built(replayPaused),
    built(replicaDies),
    built(redisFails),
    built(overload),
    built(oneKey),
    built(telemetryStuck),
    built(noisyTenant),
    built(newerEnvelope),
    built(deadLettersStuck),
    later('F28', 'three brokers: leader killed; minority; no majority', '--brokers 3'),
    later('F29', 'primary lost for good, replica promoted', 'kill -9, promote'),
    built(clockJumps),
    later('F31', 'random mixture of the above, seeded, 10 min', ''),
    built(editsOutOfOrder),
  ];
}
