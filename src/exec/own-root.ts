import type { IdMapping, JobUser, MappedIds } from './isolation.ts';
import { programPath } from './programs.ts';

/**
 * A command that is root of a user namespace of its own, with mounts of its own, in the process group of a job: it sees the job's
 * files and network, and may mount what it sees elsewhere. Outside of that namespace it has the rights of the ids that it maps.
 */
export interface OwnRoot {
  /** with the job's user among them; where Volt is not root, that user alone is root */
  ids: IdMapping;
  /** file with the filter of system calls, see `rootFilter` */
  filter: string | undefined;
}

/**
 * What root of a container may do by default (Docker's list, without raw sockets and devices), and SYS_ADMIN for mounts. The network
 * and all processes outside belong to another user namespace, so nothing of this counts there.
 */
const capabilities = [
  ...['chown', 'dac_override', 'fowner', 'fsetid', 'kill', 'setgid', 'setuid', 'setpcap', 'setfcap'],
  ...['net_bind_service', 'sys_chroot', 'audit_write', 'mknod', 'sys_admin'],
] as const;

/**
 * The command line that makes a program root of a new user namespace; append the program. To be run in the job's other namespaces:
 * the namespace then belongs to root of these, whose rights no process of the job has, so none can reach into it.
 * @param isRoot whether the caller is root of the machine, which alone may map several ids
 */
export function ownRootCommand(isRoot: boolean, { ids, filter }: OwnRoot): string[] {
  const mapped = isRoot ? [...mapping(ids), '--setuid=0', '--setgid=0'] : ['--map-root-user'];
  const bounds = `--bounding-set=-all,${capabilities.map((name) => `+${name}`).join(',')}`;
  return [
    ...[programPath('unshare'), '--user', '--mount', ...mapped, '--'],
    ...[programPath('setpriv'), ...(isRoot ? ['--clear-groups'] : []), '--no-new-privs', '--inh-caps=-all', bounds],
    ...(filter === undefined ? [] : [`--seccomp-filter=${filter}`]),
    '--',
  ];
}

/**
 * As whom a job runs that may make namespaces with users: as its user, who may give its subordinate ids to them. newuidmap(1), which
 * programs ask for that, then needs no rights from its file. Append options of setpriv(1) and the program.
 */
export function withSubordinateIds({ uid, gid }: JobUser, ids: IdMapping): string[] {
  const kept = '-all,+setuid,+setgid';
  return [
    ...[programPath('unshare'), '--user', ...mapping(ids), `--setuid=${uid}`, `--setgid=${gid}`, '--keep-caps', '--'],
    ...[programPath('setpriv'), '--clear-groups', '--no-new-privs', `--inh-caps=${kept}`, `--ambient-caps=${kept}`],
    `--bounding-set=${kept}`,
  ];
}

function mapping({ users, groups }: IdMapping): string[] {
  const maps = (option: string, ranges: readonly MappedIds[]) =>
    ranges.map(({ inside, outside, count }) => `--map-${option}=${inside}:${outside}:${count}`);
  return [...maps('users', users), ...maps('groups', groups)];
}
