import type { ContainerPlan } from '../../engine/container-plan.ts';
import type { Limits } from '../../exec/limits.ts';
import { parseOptions } from '../../workflow/containers/options.ts';
import type { ContainerOptions } from '../../workflow/containers/spec.ts';

/** Seconds between the signal that a process gets at the limit of processor time, and its end. */
const cpuGrace = 5;

/**
 * What `options` of a container ask for, within the limits of the job.
 * @param options none by default
 */
export function containerOptions(
  limits: Limits,
  options: ContainerOptions = parseOptions('').options,
): Pick<ContainerPlan, 'limits' | 'options'> {
  const { memory, memorySwap, pids, cpus, cpuShares, ulimits, ...others } = options;
  const { hostname, hosts, dns, dnsSearch, shmSize, tmpfs, capDrop, readOnly, init, machine } = others;
  const most = least(memory, limits.memory);
  return {
    options: {
      ...{ hostname, hosts, dns, dnsSearch, shmSize, tmpfs, capDrop, readOnly, init, machine },
      ulimits: boundedUlimits(ulimits, limits),
    },
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

/** Options may lower a limit of the job, not raise it. */
function boundedUlimits(
  asked: ContainerOptions['ulimits'],
  { fileSize, cpuTime }: Limits,
): ContainerOptions['ulimits'] {
  const bounds = [
    ...(fileSize === undefined ? [] : [{ name: 'fsize', soft: fileSize, hard: fileSize }]),
    ...(cpuTime === undefined ? [] : [{ name: 'cpu', soft: cpuTime, hard: cpuTime + cpuGrace }]),
  ];
  return [
    ...asked.filter(({ name }) => !bounds.some((bound) => bound.name === name)),
    ...bounds.map(({ name, soft, hard }) => {
      const own = asked.find((each) => each.name === name);
      // -1 is no limit
      const lower = (value: number | undefined, bound: number) =>
        value === undefined || value < 0 ? bound : Math.min(value, bound);
      return { name, soft: lower(own?.soft, soft), hard: lower(own?.hard, hard) };
    }),
  ];
}

function least(...values: (number | undefined)[]): number | undefined {
  const given = values.filter((value) => value !== undefined);
  return given.length === 0 ? undefined : Math.min(...given);
}
