import { measure, orderOf, type Bench, type Scenario } from './bench.js';
import { inTurn } from './in-turn.js';
import { TalliedCounters } from './measure/counters.js';
import { TELEMETRY, type TelemetryName } from './report/telemetry.js';
import type { Results } from './report/ratios.js';
import { warmUp, withBench, type BenchRun } from './with-bench.js';

const SETTINGS: Readonly<Record<TelemetryName, Readonly<Record<string, string>>>> = {
  off: { OTEL_SDK_DISABLED: 'true' },
  '1 %': { OTEL_TRACES_SAMPLER_ARG: '0.01' },
  '10 %': { OTEL_TRACES_SAMPLER_ARG: '0.1' },
  '100 %': { OTEL_TRACES_SAMPLER_ARG: '1' },
};

/**
 * What telemetry costs a gateway. Each setting has a gateway of its own that stays warm, and blocks are taken
 * in turn, so that what changes meanwhile meets all alike. The writer is held meanwhile (SIGSTOP): what it and the
 * database do beside a gateway changes the cost of a post there by more than what is measured.
 */
export const runTelemetry = (run: BenchRun): Promise<Results> => {
  let tallied: TalliedCounters | undefined;
  return withBench(
    run,
    (bench) => {
      const tell = (accepted: number): void => tallied?.tell(accepted);
      const scenarios = TELEMETRY.map((name, n) => oneGateway(name, `gateway-${n + 1}`, tell, run));
      return inTurn(bench, scenarios, run);
    },
    {
      gateways: TELEMETRY.map((name) => SETTINGS[name]),
      counters: (stack) => (tallied = new TalliedCounters(stack)),
    },
  );
};

function oneGateway(
  name: TelemetryName,
  gateway: string,
  tell: (accepted: number) => void,
  { options }: BenchRun,
): Scenario {
  const load = async (bench: Bench) => {
    bench.components.signal('writer-1', 'SIGSTOP');
    try {
      const result = await bench.client.run(orderOf(bench, bench.stack.urlOf(gateway)));
      tell(result.accepted.count);
      return result;
    } finally {
      bench.components.signal('writer-1', 'SIGCONT');
    }
  };
  return {
    name,
    title: `a gateway with telemetry ${name}`,
    async prepare(bench) {
      bench.log(`Warming up ${gateway} (${name}) …`);
      tell(await warmUp(bench, bench.stack.urlOf(gateway), options.warmUpMs));
      await bench.counters.drained();
    },
    block: (bench) => measure(bench, { send: () => load(bench), server: bench.stack.one(gateway).pid }),
  };
}
