import type { ContainerPlan, IdMap, IdRange, KeptId } from './container-plan.ts';
import { starterInside } from './starter/starter.ts';

/** Microseconds of a period in which processor time is counted, as in Docker. */
const period = 100_000;

/** Volt runs the checks, see health.ts. */
const noHealthCheck = { Test: ['NONE'] };

/** A container in the words of podman's API, see https://docs.podman.io/en/latest/_static/api.html (SpecGenerator). */
export function podmanBody(plan: ContainerPlan): unknown {
  const { ids, limits, network, user, cwd, options } = plan;
  const { machine } = options ?? {};
  return {
    ...{
      image: plan.image,
      labels: plan.labels,
      entrypoint: [starterInside],
      command: plan.program.argv,
      // the environment comes on its standard input
      stdin: true,
      stop_timeout: 0,
      no_new_privileges: !machine?.privileged,
    },
    // the machine's proxies are the caller's to give
    httpproxy: false,
    ...(cwd !== undefined && { work_dir: cwd }),
    ...(plan.pod !== undefined && { pod: plan.pod }),
    ...(user !== undefined && { user }),
    mounts: [
      ...plan.mounts.map(({ from, to, readOnly }) => ({
        ...{ type: 'bind', source: from, destination: to },
        options: ['rbind', readOnly ? 'ro' : 'rw', 'nosuid', 'nodev'],
      })),
      ...Object.entries(options?.tmpfs ?? {}).map(([to, settings]) => ({
        ...{ type: 'tmpfs', source: 'tmpfs', destination: to },
        options: settings.split(',').filter((each) => each !== ''),
      })),
    ],
    volumes: plan.volumes?.map(({ name = '', to, readOnly }) => ({
      ...{ Name: name, Dest: to, Options: readOnly ? ['ro'] : [] },
    })),
    netns: { nsmode: network ? 'bridge' : 'none' },
    ...(network && { networks: { [network.name]: { aliases: network.aliases } } }),
    portmappings: plan.ports?.map(({ container, host = 0, protocol }) => ({
      ...{ container_port: container, host_port: host, host_ip: '127.0.0.1', protocol },
    })),
    ...(ids && userNamespace(ids)),
    healthconfig: noHealthCheck,
    resource_limits: {
      ...(limits.memory !== undefined && { memory: { limit: limits.memory, swap: limits.swap ?? limits.memory } }),
      ...(limits.processes !== undefined && { pids: { limit: limits.processes } }),
      ...((limits.cpus ?? limits.cpuShares) !== undefined && {
        cpu: {
          ...(limits.cpus !== undefined && { period, quota: Math.round(limits.cpus * period) }),
          ...(limits.cpuShares !== undefined && { shares: limits.cpuShares }),
        },
      }),
    },
    ...(options && {
      ...{ hostname: options.hostname, hostadd: options.hosts, dns_server: options.dns, dns_search: options.dnsSearch },
      ...{ shm_size: options.shmSize, cap_drop: options.capDrop, read_only_filesystem: options.readOnly },
      ...{ init: options.init, privileged: machine?.privileged, cap_add: machine?.capAdd },
      devices: machine?.devices.map(({ from, to, access }) => ({ path: `${from}:${to}:${access}` })),
      ...(machine?.hostPid && { pidns: { nsmode: 'host' } }),
      ...(machine?.hostIpc && { ipcns: { nsmode: 'host' } }),
      ...(options.ulimits.length > 0 && {
        r_limits: options.ulimits.map(({ name, soft, hard }) => ({ type: name.toUpperCase(), soft, hard })),
      }),
    }),
  };
}

/** In the words of podman. */
function userNamespace(ids: IdMap | KeptId): object {
  if ('kept' in ids) return { userns: { nsmode: 'keep-id', value: `uid=${ids.kept.uid},gid=${ids.kept.gid}` } };
  const ranges = (all: readonly IdRange[]) =>
    all.map(({ inside, outside, count }) => ({ container_id: inside, host_id: outside, size: count }));
  return {
    userns: { nsmode: 'private' },
    idmappings: {
      ...{ HostUIDMapping: false, HostGIDMapping: false },
      ...{ UIDMap: ranges(ids.users), GIDMap: ranges(ids.groups) },
    },
  };
}

/**
 * What Docker gives beyond podman: with raw sockets a container gets round the rules of its network, and it makes devices. A
 * privileged container has them all the same.
 */
const extraCapabilities = ['NET_RAW', 'MKNOD'];

/** The same in the words of Docker's API, see https://docs.docker.com/reference/api/engine/version/v1.41/ (ContainerCreate). */
export function dockerBody(plan: ContainerPlan): unknown {
  const { limits, network, user, cwd, options, ports = [] } = plan;
  const { machine } = options ?? {};
  const portKey = ({ container, protocol }: (typeof ports)[number]) => `${container}/${protocol}`;
  return {
    Image: plan.image,
    Labels: plan.labels,
    ...{ Entrypoint: [starterInside], Cmd: plan.program.argv, OpenStdin: true, StdinOnce: true },
    StopTimeout: 0,
    ...(cwd !== undefined && { WorkingDir: cwd }),
    ...(user !== undefined && { User: user }),
    Healthcheck: noHealthCheck,
    Hostname: options?.hostname,
    ExposedPorts: Object.fromEntries(ports.map((port) => [portKey(port), {}])),
    HostConfig: {
      SecurityOpt: machine?.privileged ? [] : ['no-new-privileges'],
      CapDrop: [
        ...(options?.capDrop ?? []),
        ...extraCapabilities.filter((name) => ![name, 'ALL'].some((each) => machine?.capAdd.includes(each))),
      ],
      NetworkMode: network?.name ?? 'none',
      Mounts: [
        ...plan.mounts.map(({ from, to, readOnly = false }) => ({
          ...{ Type: 'bind', Source: from, Target: to, ReadOnly: readOnly },
        })),
        ...(plan.volumes ?? []).map(({ name = '', to, readOnly }) => ({
          ...{ Type: 'volume', Source: name, Target: to, ReadOnly: readOnly },
        })),
      ],
      PortBindings: Object.fromEntries(
        ports.map((port) => [portKey(port), [{ HostIp: '127.0.0.1', HostPort: String(port.host ?? '') }]]),
      ),
      ...(limits.memory !== undefined && { Memory: limits.memory, MemorySwap: limits.swap ?? limits.memory }),
      ...(limits.processes !== undefined && { PidsLimit: limits.processes }),
      ...(limits.cpus !== undefined && { CpuPeriod: period, CpuQuota: Math.round(limits.cpus * period) }),
      ...(limits.cpuShares !== undefined && { CpuShares: limits.cpuShares }),
      ...(options && {
        ...{ ExtraHosts: options.hosts, Dns: options.dns, DnsSearch: options.dnsSearch, ShmSize: options.shmSize },
        ...{ Tmpfs: options.tmpfs, ReadonlyRootfs: options.readOnly, Init: options.init },
        ...{ Privileged: machine?.privileged, CapAdd: machine?.capAdd },
        Devices: machine?.devices.map(({ from, to, access }) => ({
          ...{ PathOnHost: from, PathInContainer: to, CgroupPermissions: access },
        })),
        ...(machine?.hostPid && { PidMode: 'host' }),
        ...(machine?.hostIpc && { IpcMode: 'host' }),
        Ulimits: options.ulimits.map(({ name, soft, hard }) => ({ Name: name, Soft: soft, Hard: hard })),
      }),
    },
    ...(network && { NetworkingConfig: { EndpointsConfig: { [network.name]: { Aliases: network.aliases } } } }),
  };
}
