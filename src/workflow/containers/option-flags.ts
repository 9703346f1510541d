import { mountOf } from './mount.ts';
import { portsOf } from './ports.ts';
import { ContainerProblem, matching, quoted } from './problem.ts';
import { bytesOf, millisecondsOf, positiveNumber, wholeNumber } from './quantities.ts';
import type { ContainerOptions, ContainerPort, HealthCheck } from './spec.ts';

/** The settings of `options`; those that have a key of their own in a workflow stand beside the others. */
export interface ParsedOptions {
  options: ContainerOptions;
  env: { [name: string]: string };
  ports: ContainerPort[];
  /** as in the workflow's `volumes` */
  volumes: string[];
  entrypoint?: string;
  /** flags that need a right, for people */
  privileged: string[];
  /** flags that need the same right where the job is isolated: what they name is reached by the machine, not by the job */
  reaching: string[];
}

/** A flag of `docker create`. @throws ContainerProblem */
type Take = (into: ParsedOptions, value: string) => void;

const host = /^[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,61}[A-Za-z0-9_])?$/;
const address = /^(?:\d{1,3}(?:\.\d{1,3}){3}|\[?[0-9a-fA-F:]*:[0-9a-fA-F:.]+\]?)$/;

/** Flags with a value. */
export const valued: Readonly<Record<string, Take>> = {
  user: (into, value) => {
    into.options.user = matching(value, /^[\w.-]{1,64}(?::[\w.-]{1,64})?$/, 'use name, uid, name:group or uid:gid');
  },
  workdir: (into, value) => {
    into.options.workdir = matching(value, /^\/[^\0]*$/, 'use an absolute path');
  },
  hostname: (into, value) => {
    into.options.hostname = hostName(value);
  },
  name: (into, value) => into.options.aliases.push(hostName(value)),
  'network-alias': (into, value) => into.options.aliases.push(hostName(value)),
  'add-host': (into, value) => {
    const [, name = '', to = ''] = /^([^:=]+)[:=](.+)$/.exec(value) ?? [];
    if (to === 'host-gateway') throw refused('add-host', 'containers do not reach the machine');
    into.options.hosts.push(`${hostName(name)}:${ipAddress(to)}`);
  },
  // the engine asks the server, past the rules of the job's network
  dns: (into, value) => {
    into.options.dns.push(ipAddress(value));
    into.reaching.push(theOption('dns'));
  },
  'dns-search': (into, value) => into.options.dnsSearch.push(hostName(value)),
  env: (into, value) => {
    const equals = value.indexOf('=');
    if (equals < 1) throw new ContainerProblem('invalid', `${quoted(value)} has no value; use --env NAME=value`);
    into.env[value.slice(0, equals)] = value.slice(equals + 1);
  },
  label: (into, value) => {
    const [, name = '', text = ''] = /^([^=]+)(?:=(.*))?$/s.exec(value) ?? [];
    into.options.labels[matching(name, /^(?!volt\.)[\w./-]+$/i, 'use name=value; names of Volt begin with "volt."')] =
      text;
  },
  publish: (into, value) => into.ports.push(...portsOf(value)),
  volume: (into, value) => into.volumes.push(value),
  entrypoint: (into, value) => {
    into.entrypoint = value;
  },
  cpus: (into, value) => {
    into.options.cpus = positiveNumber(value);
  },
  'cpu-shares': (into, value) => {
    into.options.cpuShares = wholeNumber(value, 2);
  },
  memory: (into, value) => {
    into.options.memory = bytesOf(value);
  },
  'memory-swap': (into, value) => {
    into.options.memorySwap = value === '-1' ? -1 : bytesOf(value);
  },
  'shm-size': (into, value) => {
    into.options.shmSize = bytesOf(value);
  },
  'pids-limit': (into, value) => {
    into.options.pids = wholeNumber(value, 1);
  },
  ulimit: (into, value) => {
    const [, name = '', soft = '', hard = soft] = /^([a-z]+)=(-?\d+)(?::(-?\d+))?$/.exec(value) ?? [];
    matching(value, /^[a-z]+=/, 'use name=soft or name=soft:hard, such as nofile=1024:4096');
    into.options.ulimits.push({ name, soft: wholeNumber(soft, -1), hard: wholeNumber(hard, -1) });
  },
  tmpfs: (into, value) => {
    const [, path = '', settings = ''] = /^([^:]+)(?::(.*))?$/s.exec(value) ?? [];
    matching(settings, /^[\w=,%.-]*$/, 'use path or path:size=64m');
    into.options.tmpfs[matching(path, /^\/./, 'use an absolute path')] = settings;
  },
  mount: (into, value) => {
    const mount = mountOf(value);
    if ('volume' in mount) into.volumes.push(mount.volume);
    else into.options.tmpfs[matching(mount.tmpfs, /^\/./, 'use an absolute path')] = mount.settings;
  },
  'cap-drop': (into, value) => {
    const name = matching(value.toUpperCase().replace(/^CAP_/, ''), /^[A-Z_]+$/, 'use the name of a capability');
    into.options.capDrop.push(name);
  },
  'cap-add': (into, value) => {
    const name = matching(value.toUpperCase().replace(/^CAP_/, ''), /^[A-Z_]+$/, 'use the name of a capability');
    into.options.machine.capAdd.push(name);
    into.privileged.push(theOption('cap-add'));
  },
  device: (into, value) => {
    const [, from = '', to = from, access = 'rwm'] = /^(\/[^:]+)(?::(\/[^:]+))?(?::([rwm]{1,3}))?$/.exec(value) ?? [];
    if (from === '') throw new ContainerProblem('invalid', `${quoted(value)} is not a device: use /dev/NAME`);
    into.options.machine.devices.push({ from, to, access });
    into.privileged.push(theOption('device'));
  },
  pid: (into, value) => {
    if (value !== 'host') throw refused('pid', machine);
    into.options.machine.hostPid = true;
    into.privileged.push(theOption('pid'));
  },
  ipc: (into, value) => {
    if (value !== 'host') throw refused('ipc', machine);
    into.options.machine.hostIpc = true;
    into.privileged.push(theOption('ipc'));
  },
  'security-opt': (_, value) => {
    // Volt always sets it
    if (!/^no-new-privileges(?:[:=]true)?$/.test(value)) throw refused('security-opt', machine);
  },
  'health-cmd': (into, value) => setHealth(into, { command: value }),
  'health-interval': (into, value) => setHealth(into, { interval: millisecondsOf(value) }),
  'health-timeout': (into, value) => setHealth(into, { timeout: millisecondsOf(value) }),
  'health-retries': (into, value) => setHealth(into, { retries: wholeNumber(value, 0) }),
  'health-start-period': (into, value) => setHealth(into, { startPeriod: millisecondsOf(value) }),
  // Volt checks at once, and often at first
  'health-start-interval': (_, value) => void millisecondsOf(value),
  // a service that has ended ends the job
  restart: (_, value) =>
    void matching(value, /^(?:no|always|unless-stopped|on-failure(?::\d+)?)$/, 'use no, always or on-failure'),
  // containers are killed at the end of their job
  'stop-signal': () => undefined,
  'stop-timeout': (_, value) => void wholeNumber(value, -1),
  // ports between containers are open
  expose: (_, value) => void portsOf(value),
};

/** Flags that are true or false. The last three change nothing for a container of Volt. */
export const switches: Readonly<Record<string, (into: ParsedOptions, on: boolean) => void>> = {
  init: (into, on) => {
    into.options.init = on;
  },
  'read-only': (into, on) => {
    into.options.readOnly = on;
  },
  privileged: (into, on) => {
    into.options.machine.privileged = on;
    if (on) into.privileged.push(theOption('privileged'));
  },
  'no-healthcheck': (into, on) => {
    if (on) into.options.health = 'none';
  },
  rm: () => undefined,
  interactive: () => undefined,
  tty: () => undefined,
};

/** The long names of flags by their short ones, as in `docker create`. */
export const shortNames: Readonly<Record<string, string>> = {
  ...{ u: 'user', w: 'workdir', h: 'hostname', e: 'env', l: 'label', p: 'publish', v: 'volume', m: 'memory' },
  ...{ c: 'cpu-shares', i: 'interactive', t: 'tty', a: 'attach', P: 'publish-all' },
};

const machine = 'it would give the job rights on the machine of the runner';
const network = "the containers of a job have the job's own network";
/** Flags that Volt never allows, and why. */
const reasons: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    [
      ...['device-cgroup-rule', 'device-read-bps', 'device-read-iops', 'device-write-bps', 'device-write-iops', 'gpus'],
      ...['uts', 'userns', 'cgroupns', 'cgroup-parent'],
      ...['runtime', 'sysctl', 'oom-kill-disable', 'oom-score-adj', 'volumes-from', 'volume-driver'],
      ...['env-file', 'label-file', 'cidfile'],
    ].map((flag) => [flag, machine]),
  ),
  ...Object.fromEntries(
    ['network', 'net', 'ip', 'ip6', 'link', 'link-local-ip', 'mac-address', 'net-alias', 'publish-all'].map((flag) => [
      flag,
      network,
    ]),
  ),
};

/** The error for a flag that Volt does not allow. */
export function refused(flag: string, why = reasons[flag]): ContainerProblem {
  const because = why === undefined ? '' : `: ${why}`;
  return new ContainerProblem('unsupported', `the option \`--${flag}\` is not supported${because}`);
}

function theOption(flag: string): string {
  return `the option \`--${flag}\``;
}

function hostName(value: string): string {
  return matching(value, host, 'use a host name');
}

function ipAddress(value: string): string {
  return matching(value, address, 'use an IP address');
}

/** A time or number of 0 means that of the image or the engine. */
function setHealth({ options }: ParsedOptions, part: HealthCheck): void {
  const before = typeof options.health === 'object' ? options.health : {};
  const given = Object.entries(part).filter(([, value]) => value !== 0);
  if (options.health !== 'none') options.health = { ...before, ...Object.fromEntries(given) };
}
