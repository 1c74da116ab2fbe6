export { startAdminServer, type AdminServer, type AdminServerOptions } from './admin-server.js';
export {
  CHECK_TIMEOUT_MS,
  HealthRegistry,
  type DependencyHealth,
  type HealthReport,
} from './health-registry.js';
export type { Probe, ProbeResult } from './probe.js';
