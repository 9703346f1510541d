import { existsSync, lstatSync, readlinkSync } from 'node:fs';
import { dirname } from 'node:path';
import type { SandboxPath, SandboxView } from './isolation.ts';

/** Bytes that /dev/shm may take, which is memory. */
const sharedMemory = 1024 * 1_048_576;

/** Folders of programs that are no secret on any machine; some of them are links on most. */
const programs = ['/usr', '/bin', '/sbin', '/lib', '/lib32', '/lib64', '/libx32', '/etc', '/opt', '/nix'];
const system = [...programs, '/sys'];
/** What has sockets of services among programs: that of Nix's builds for whoever asks, with rights of its own. */
const services = ['/nix/var/nix/daemon-socket', '/nix/var/nix/gc-socket'];

/**
 * The command line of bubblewrap for a view; what is run in it is appended. The file system is empty but for what is
 * listed: what nobody has thought of is not there. See bwrap(1).
 * @param rootless whether the caller is root only in a user namespace of its own
 * @param loopback whether it has a network of its own that leads nowhere, else that of the caller
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
  const parents = new Parents(hidden);
  const bind = (option: string, { from, to }: SandboxPath) => [...parents.of(to), option, from, to];
  return [
    ...['--die-with-parent', '--unshare-pid', '--as-pid-1', '--unshare-ipc', '--unshare-uts', '--hostname', 'volt'],
    ...(loopback ? ['--unshare-net'] : []),
    // the one is needed to make the namespace in which a command is not root any more, see user_namespaces(7)
    ...['--cap-drop', 'ALL', ...(rootless ? ['--cap-add', 'CAP_SETFCAP'] : [])],
    ...programs.flatMap(systemFolder),
    ...['--proc', '/proc', '--dev', '/dev', '--size', String(sharedMemory), '--perms', '1777', '--tmpfs', '/dev/shm'],
    ...['--remount-ro', '/dev', '--dir', '/run', '--dir', '/var', '--symlink', '../run', '/var/run'],
    // resolvers keep what /etc/resolv.conf leads to where nothing else is shown
    ...resolverFile().flatMap((path) => bind('--ro-bind-try', path)),
    // before what may be inside of it
    ...view.temporary.flatMap((path) => bind('--bind', path)),
    ...shown.flatMap((path) => bind('--ro-bind-try', path)),
    // it brings many mounts along, and bubblewrap looks through all that there are whenever it makes one
    ...systemFolder('/sys'),
    ...hidden.flatMap(hide),
    ...inHidden.flatMap((path) => bind('--ro-bind-try', path)),
    ...view.writable.flatMap((path) => bind('--bind', path)),
    ...hidden.filter(isFolder).flatMap((path) => ['--remount-ro', path]),
    ...['--remount-ro', '/', '--chdir', '/', '--'],
  ];
}

/** Whether one that is mounted later shows all of another by itself, and covers what would be mounted of that. */
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

/** Folders that bubblewrap makes on the way to a mount are closed to others unless they are asked for by name. */
class Parents {
  readonly #made = new Set<string>();
  readonly #hidden: readonly string[];

  constructor(hidden: readonly string[]) {
    this.#hidden = hidden;
  }

  of(path: string): string[] {
    const folder = dirname(path);
    let isMissing = false;
    for (let each = folder; each !== '/' && !this.#made.has(each); each = dirname(each)) {
      if (isBelow(each, system) && !isBelow(each, this.#hidden)) break;
      this.#made.add(each);
      isMissing = true;
    }
    // those above it are made in the same way
    return isMissing ? ['--dir', folder] : [];
  }
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
