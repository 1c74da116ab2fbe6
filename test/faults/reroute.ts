import { startTcpProxy, type TcpProxy } from '@spillway/testing';
import { changeEnvironment } from './environment.js';
import type { FaultContext } from './fault.js';

/** Processes whose way to a service leads through proxies that the fault can break. */
export interface Detour {
  /** The proxy of one process. */
  of(process: string): TcpProxy;
  readonly all: readonly TcpProxy[];
  /** The direct way again, after a restart. */
  end(): Promise<void>;
}

/**
 * Leads the way of each of these processes to `target` through a proxy of its own, and starts them again.
 * @param target name of a process of the stack that they reach by its port.
 * @param variables set besides, for example limits.
 */
export async function reroute(
  { stack, components }: Pick<FaultContext, 'stack' | 'components'>,
  processes: readonly string[],
  target: string,
  variables: Readonly<Record<string, string>> = {},
): Promise<Detour> {
  const { port } = new URL(stack.urlOf(target));
  const proxies = new Map<string, TcpProxy>();
  for (const name of processes) {
    proxies.set(name, await startTcpProxy({ target: { port: Number(port) } }));
  }
  const restore = changeEnvironment(stack.dir, processes, (now, name) => {
    const direct = Object.entries(now).filter(([, value]) => value?.includes(`@127.0.0.1:${port}`));
    if (direct.length === 0) throw new Error(`${name} is not told a way to ${target}`);
    const detours = direct.map(([key, value = '']): [string, string] => [
      key,
      value.replaceAll(`@127.0.0.1:${port}`, `@127.0.0.1:${proxies.get(name)?.port ?? 0}`),
    ]);
    return { ...Object.fromEntries(detours), ...variables };
  });
  const bounce = (): Promise<unknown> => Promise.all(processes.map((name) => components.bounce(name)));
  await bounce();
  return {
    of: (process) => {
      const proxy = proxies.get(process);
      if (!proxy) throw new Error(`${process} has no proxy`);
      return proxy;
    },
    all: [...proxies.values()],
    async end() {
      restore();
      for (const proxy of proxies.values()) await proxy.pass();
      try {
        await bounce();
      } finally {
        for (const proxy of proxies.values()) await proxy.stop();
      }
    },
  };
}
