import { existsSync, lstatSync, readlinkSync } from 'node:fs';
import { dirname } from 'node:path';
import type { SandboxPath, SandboxView } from './isolation.ts';

/** Size of /dev/shm in bytes; it uses memory. */
const sharedMemory = 1024 * 1_048_576;

/** System folders that hold no secrets. On most machines some are links. */
const programs = ['/usr', '/bin', '/sbin', '/lib', '/lib32', '/lib64', '/libx32', '/etc', '/opt', '/nix'];
const system = [...programs, '/sys'];
/** Folders with sockets of services: Nix's daemon builds for everybody with its own rights. */
const services = ['/nix/var/nix/daemon-socket', '/nix/var/nix/gc-socket'];

/**
 * The command line of bubblewrap for a view; append the program. The sandbox contains only what is listed. See bwrap(1).
 * @param rootless whether the caller is root only in its own user namespace
 * @param loopback whether the sandbox has only its own loopback, else the network of the caller
 */
export function sandboxCommand(
  view: SandboxView,
  { rootless, loopback }: { rootless: boolean; loopback: boolean },
): string[] {
  const unseen = [...services, ...view.hidden];
  const inHidden = view.readable.filter(({ to }) => isBelow(to, unseen));
  const shown = view.readable.filter(
    (path, index) =>
      !inHidden.includes(path) &&
      (path.from !== path.to || !isBelow(path.to, system)) &&
      !view.readable.slice(index + 1).some((later) => holds(later, path)),
  );
  const hidden = unseen.filter((path) => isBelow(path, [...system, ...shown.map(({ to }) => to)]));
  const parentsOf = parentsApartFrom(hidden);
  const bind = (option: string, { from, to }: SandboxPath) => [...parentsOf(to), option, from, to];
  return [
    ...['--die-with-parent', '--unshare-pid', '--as-pid-1', '--unshare-ipc', '--unshare-uts', '--hostname', 'volt'],
    ...(loopback ? ['--unshare-net'] : []),
    // needed to make the user namespace in which the command is not root, see user_namespaces(7)
    ...['--cap-drop', 'ALL', ...(rootless ? ['--cap-add', 'CAP_SETFCAP'] : [])],
    ...programs.flatMap(systemFolder),
    ...['--proc', '/proc', '--dev', '/dev', '--size', String(sharedMemory), '--perms', '1777', '--tmpfs', '/dev/shm'],
    ...['--remount-ro', '/dev', '--dir', '/run', '--dir', '/var', '--symlink', '../run', '/var/run'],
    // /etc/resolv.conf often links to a file of the resolver in a folder that is not shown
    ...resolverFile().flatMap((path) => bind('--ro-bind-try', path)),
    // before paths that may be inside of them
    ...view.temporary.flatMap((path) => bind('--bind', path)),
    ...shown.flatMap((path) => bind('--ro-bind-try', path)),
    // late, since it has many mounts and bubblewrap reads all mounts whenever it adds one
    ...systemFolder('/sys'),
    ...hidden.flatMap(hide),
    ...inHidden.flatMap((path) => bind('--ro-bind-try', path)),
    ...view.writable.flatMap((path) => bind('--bind', path)),
    ...hidden.filter(isFolder).flatMap((path) => ['--remount-ro', path]),
    ...['--remount-ro', '/', '--chdir', '/', '--'],
  ];
}

/** Whether a path that is mounted later contains another one. */
function holds(later: SandboxPath, { from, to }: SandboxPath): boolean {
  return later.from === later.to && from === to && isBelow(to, [later.to]);
}

function hide(path: string): string[] {
  if (!existsSync(path)) return [];
  return isFolder(path) ? ['--tmpfs', path] : ['--ro-bind', '/dev/null', path];
}

function isFolder(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

function systemFolder(path: string): string[] {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (!found?.isSymbolicLink()) return found ? ['--ro-bind', path, path] : [];
  return existsSync(path) ? ['--symlink', readlinkSync(path), path] : [];
}

/**
 * Makes folders above mounts by name: those that bubblewrap makes by itself are closed to other users.
 * @returns the options for the folders above a path that were not made for an earlier one
 */
function parentsApartFrom(hidden: readonly string[]): (path: string) => string[] {
  const made = new Set<string>();
  return (path) => {
    const folder = dirname(path);
    let isMissing = false;
    for (let each = folder; each !== '/' && !made.has(each); each = dirname(each)) {
      if (isBelow(each, system) && !isBelow(each, hidden)) break;
      made.add(each);
      isMissing = true;
    }
    // --dir makes the folders above it in the same way
    return isMissing ? ['--dir', folder] : [];
  };
}

function isBelow(path: string, folders: readonly string[]): boolean {
  return folders.some((folder) => path === folder || path.startsWith(`${folder}/`));
}

function resolverFile(): SandboxPath[] {
  const path = '/etc/resolv.conf';
  try {
    if (!lstatSync(path).isSymbolicLink()) return [];
    const target = new URL(readlinkSync(path), `file://${path}`).pathname;
    return isBelow(target, system) ? [] : [{ from: target, to: target }];
  } catch {
    return [];
  }
}
