import type { ContainerPlan } from '../../engine/container-plan.ts';
import type { Limits } from '../../exec/limits.ts';
import type { ContainerOptions } from '../../workflow/containers/spec.ts';

/** What `options` of a container ask for, within the limits of the job. */
export function containerOptions(
  options: ContainerOptions,
  limits: Pick<Limits, 'memory' | 'processes'>,
): Pick<ContainerPlan, 'limits' | 'options'> {
  const { memory, memorySwap, pids, cpus, cpuShares, ulimits, ...others } = options;
  const { hostname, hosts, dns, dnsSearch, shmSize, tmpfs, capDrop, readOnly, init } = others;
  const most = least(memory, limits.memory);
  return {
    options: { hostname, hosts, dns, dnsSearch, shmSize, tmpfs, capDrop, readOnly, init, ulimits },
    limits: {
      memory: most,
      // without one of its own, swap is not more memory
      swap: limits.memory === undefined && memorySwap !== undefined ? memorySwap : most,
      processes: least(pids, limits.processes),
      cpus,
      cpuShares,
    },
  };
}

function least(...values: (number | undefined)[]): number | undefined {
  const given = values.filter((value) => value !== undefined);
  return given.length === 0 ? undefined : Math.min(...given);
}
