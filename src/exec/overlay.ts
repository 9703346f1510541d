import type { Overlays } from './isolation.ts';
import { programPath } from './programs.ts';

/** One folder. All paths are absolute. */
export interface Overlay {
  lower: string;
  /** what differs from the lower one; of no other overlay at the same time, as the folder beside it */
  upper: string;
  /** empty, on the file system of the upper one, where the kernel prepares what goes there */
  work: string;
  /** where it is seen */
  target: string;
}

/**
 * @param rootless whether it is mounted in a user namespace
 * @returns what fstab(5) has for the overlays
 */
export function overlayTable(overlays: readonly Overlay[], rootless: boolean): string {
  return overlays
    .map(({ lower, upper, work, target }) => {
      const layers = `lowerdir=${lower},upperdir=${upper},workdir=${work}`;
      return `overlay ${inTable(target)} overlay ${rootless ? 'userxattr,' : ''}${inTable(layers)} 0 0\n`;
    })
    .join('');
}

/** Whether overlays can be told to use a path: the kernel separates layers and options by these characters. */
export function isOverlayPath(path: string): boolean {
  return !/[,:"\\\p{Cc}]/u.test(path);
}

function inTable(text: string): string {
  return text.replaceAll(' ', '\\040');
}

/**
 * Runs a program in a mount namespace of its own that has the overlays. The base is mounted there so that the kernel follows
 * no link in it, since a lower folder that its owner exchanges for a link would show anything; and, where the owner is
 * somebody else, with the owner's files as the user's. What cannot be mounted is left out.
 * @param own whether the namespace is there already
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
