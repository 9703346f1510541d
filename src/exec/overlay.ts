import type { Overlays } from './isolation.ts';
import { programPath } from './programs.ts';

/** An overlay of one folder. All paths are absolute. */
export interface Overlay {
  lower: string;
  /** what differs from the lower folder; no two mounted overlays share it, nor `work` */
  upper: string;
  /** empty folder for the kernel, on the file system of `upper` */
  work: string;
  /** where it is mounted */
  target: string;
}

/**
 * @param rootless whether they are mounted in a user namespace
 * @returns the overlays in the format of fstab(5)
 */
export function overlayTable(overlays: readonly Overlay[], rootless: boolean): string {
  return overlays
    .map(({ lower, upper, work, target }) => {
      const layers = `lowerdir=${lower},upperdir=${upper},workdir=${work}`;
      return `overlay ${inTable(target)} overlay ${rootless ? 'userxattr,' : ''}${inTable(layers)} 0 0\n`;
    })
    .join('');
}

/** Whether a path can be used for an overlay: the kernel separates layers and options with these characters. */
export function isOverlayPath(path: string): boolean {
  return !/[,:"\\\p{Cc}]/u.test(path);
}

function inTable(text: string): string {
  return text.replaceAll(' ', '\\040');
}

/**
 * The command line that runs a program in its own mount namespace with the overlays. The base is mounted with `nosymfollow`:
 * its owner could replace a lower folder with a link to anything. If the owner is another user, the mount maps the owner's files
 * to the job's user. Overlays that cannot be mounted are left out.
 * @param own whether the caller already has its own mount namespace
 */
export function withOverlays({ base, owner, user, table }: Overlays, own: boolean): string[] {
  const same = owner.uid === user.uid && owner.gid === user.gid;
  const mapped = `X-mount.idmap=u:${owner.uid}:${user.uid}:1 g:${owner.gid}:${user.gid}:1`;
  const mount = programPath('mount');
  const script = `{ ${mount} --bind -o "$1" -- "$2" "$2" && ${mount} --all --fstab "$3"; } >/dev/null 2>&1
    shift 3 && exec "$@"`;
  return [
    ...(own ? [] : [programPath('unshare'), '--mount', '--']),
    ...[programPath('bash'), '--norc', '--noprofile', '-p', '-c', script, 'volt-overlays'],
    ...[`nosymfollow${same ? '' : `,${mapped}`}`, base, table],
  ];
}
