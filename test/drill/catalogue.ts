import type { Drill } from './drill.js';
import { brokerAlarm } from './drills/broker-alarm.js';
import { deadLetters } from './drills/dead-letters.js';
import { exporter } from './drills/exporter.js';
import { redis } from './drills/redis.js';
import { replica } from './drills/replica.js';
import { writers } from './drills/writers.js';

/** All drills, in the order in which they run. */
export const DRILLS: readonly Drill[] = [writers, replica, redis, deadLetters, brokerAlarm, exporter];
