/** A range of ids in a container, and the ids on the machine that they are. */
export interface IdRange {
  inside: number;
  outside: number;
  count: number;
}

export interface IdMap {
  users: readonly IdRange[];
  groups: readonly IdRange[];
}

/** The user and group of a container that are those of an engine without root; podman's alone. */
export interface KeptId {
  kept: { uid: number; gid: number };
}

/** What a container is made from. */
export interface ContainerPlan {
  /** id of an image that the engine has */
  image: string;
  labels: Readonly<Record<string, string>>;
  /** what the starter starts, see starter/ */
  program: {
    argv: readonly string[];
    /** beside what the image has; may hold secrets: the engine never learns it */
    env: Readonly<Record<string, string>>;
  };
  cwd?: string;
  /** the image's by default */
  user?: string;
  /** files and folders of the machine, with the starter if it is to run */
  mounts: readonly { from: string; to: string; readOnly?: boolean }[];
  /** volumes of the engine; one without a name is removed with the container */
  volumes?: readonly { name?: string; to: string; readOnly: boolean }[];
  /** name of a network that the engine has, and the names by which its other containers find this one; else it has none */
  network?: { name: string; aliases: readonly string[] };
  /** name of a pod, whose limits count for it, too; podman's alone */
  pod?: string | undefined;
  /** reached at the loopback address of the machine */
  ports?: readonly { container: number; host?: number; protocol: 'tcp' | 'udp' }[];
  /** which users of the machine its users and groups are; the engine's own choice by default */
  ids?: IdMap | KeptId;
  limits: {
    /** bytes */
    memory?: number | undefined;
    /** bytes of memory and swap together; -1 for no limit */
    swap?: number | undefined;
    processes?: number | undefined;
    /** number of processors, such as 1.5 */
    cpus?: number | undefined;
    /** relative weight; 1024 is usual */
    cpuShares?: number | undefined;
  };
  /** see `docker create --help` */
  options?: {
    hostname?: string | undefined;
    /** entries of /etc/hosts, as `name:address` */
    hosts: readonly string[];
    dns: readonly string[];
    dnsSearch: readonly string[];
    /** bytes of /dev/shm */
    shmSize?: number | undefined;
    /** mount options by path */
    tmpfs: Readonly<Record<string, string>>;
    capDrop: readonly string[];
    readOnly: boolean;
    init: boolean;
    ulimits: readonly { name: string; soft: number; hard: number }[];
    /** rights on the machine */
    machine: {
      privileged: boolean;
      capAdd: readonly string[];
      devices: readonly { from: string; to: string; access: string }[];
      hostPid: boolean;
      hostIpc: boolean;
    };
  };
}
