/** The container of a job, after evaluation. The entries of `options` that have a key of their own are merged into it. */
export interface ContainerSpec {
  /** settings name it, not the workflow: its job expects bash and services at localhost, as without a container */
  isGiven?: true;
  /** full name, with its registry and a tag or digest: `docker.io/library/node:22` */
  image: string;
  /** values may be secrets */
  env: { [name: string]: string };
  ports: ContainerPort[];
  volumes: ContainerVolume[];
  options: ContainerOptions;
  /** for the image's registry */
  credentials?: RegistryCredentials;
}

/** A service container of a job, after evaluation. */
export interface ServiceSpec extends ContainerSpec {
  /** its key in `services`, which is its host name for the job's other containers */
  id: string;
  /** a program that replaces the image's entry point */
  entrypoint?: string;
  /** arguments that replace the image's command; empty if the image's own count */
  command: string[];
}

export interface RegistryCredentials {
  username: string;
  password: string;
}

export interface ContainerPort {
  /** port inside of the container */
  container: number;
  /** port on the machine or in the job's network; a free one if absent */
  host?: number;
  protocol: 'tcp' | 'udp';
}

export interface ContainerVolume {
  source:
    | { kind: 'anonymous' }
    | { kind: 'named'; name: string }
    /** a path relative to the job's workspace, without `..`; empty for the workspace itself */
    | { kind: 'workspace'; path: string }
    /** an absolute path of the machine */
    | { kind: 'machine'; path: string };
  /** absolute path inside of the container */
  target: string;
  readOnly: boolean;
}

/** The settings of `options` that Volt allows, as in `docker create`. Absent ones are those of the image or the engine. */
export interface ContainerOptions {
  /** `name`, `uid`, `name:group` or `uid:gid` */
  user?: string;
  /** absolute path */
  workdir?: string;
  hostname?: string;
  /** further names of the container in the job's network */
  aliases: string[];
  /** entries of `/etc/hosts`, as `name:address` */
  hosts: string[];
  dns: string[];
  dnsSearch: string[];
  labels: { [name: string]: string };
  /** number of processors, such as 1.5 */
  cpus?: number;
  /** relative weight; the engine's default is 1024 */
  cpuShares?: number;
  /** bytes */
  memory?: number;
  /** bytes of memory and swap together; -1 for no limit */
  memorySwap?: number;
  /** bytes of `/dev/shm` */
  shmSize?: number;
  /** number of processes */
  pids?: number;
  /** -1 means no limit */
  ulimits: { name: string; soft: number; hard: number }[];
  /** mount options by path, such as `size=64m` */
  tmpfs: { [path: string]: string };
  /** capabilities that are taken away, such as `NET_RAW`; `ALL` for every one */
  capDrop: string[];
  readOnly: boolean;
  /** what needs the right to it */
  machine: MachineOptions;
  /** whether a small init process reaps the children of the container's program */
  init: boolean;
  /** `none` turns the image's own check off */
  health?: 'none' | HealthCheck;
}

/** Options that give rights on the machine of the runner. */
export interface MachineOptions {
  privileged: boolean;
  /** capabilities beyond the usual ones, such as `SYS_PTRACE`; `ALL` for every one */
  capAdd: string[];
  /** `access` has the letters r, w and m */
  devices: { from: string; to: string; access: string }[];
  /** whether its processes see those of the machine, and whether it has the machine's shared memory */
  hostPid: boolean;
  hostIpc: boolean;
}

/** Absent entries are those of the image's own check, else the engine's (30 s, 30 s, 3 and 0). Times in milliseconds. */
export interface HealthCheck {
  /** a command line for the container's shell */
  command?: string;
  interval?: number;
  timeout?: number;
  retries?: number;
  startPeriod?: number;
}
