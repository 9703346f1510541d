import type { IdMapping, JobUser, MappedIds } from '../../exec/isolation.ts';

/** Ids of users and groups in a container. */
const idsInside = 65_536;
/**
 * Ids of this machine for the other users in containers: a range that no system assigns, see https://systemd.io/UIDS-GIDS. Each
 * user of jobs has a part of its own.
 */
const spare = { first: 0x7000_0000, parts: 4096 } as const;
/** The first subordinate id of a job that may make namespaces with users, as the job sees it. */
const firstSubordinate = 100_000;

/** What `/etc/subuid` and `/etc/subgid` say to a job with `subordinateIds`. @param user name of its user */
export function subordinateText(user: string): string {
  return `${user}:${firstSubordinate}:${idsInside - 1}\n`;
}

/**
 * Which ids of the machine those in a container are: its user is the job's user, so files in the workspace belong to the same
 * user inside and outside; all other ids have no rights on the machine.
 * @returns undefined where both are root of the machine
 */
export function idRanges(inside: JobUser, owner: JobUser): IdMapping | undefined {
  if (owner.uid === 0 && inside.uid === 0) return undefined;
  const base = baseOf(owner);
  return { users: rangesOf(inside.uid, owner.uid, base), groups: rangesOf(inside.gid, owner.gid, base) };
}

/** The ids of a job that may make namespaces with users: its own, and those that its containers have. */
export function subordinateIds({ uid, gid }: JobUser): IdMapping {
  const others = { inside: firstSubordinate, outside: baseOf({ uid, gid }) + 1, count: idsInside - 1 };
  return {
    users: [{ inside: uid, outside: uid, count: 1 }, others],
    groups: [{ inside: gid, outside: gid, count: 1 }, others],
  };
}

function baseOf({ uid }: JobUser): number {
  return spare.first + (uid % spare.parts) * idsInside;
}

function rangesOf(id: number, outside: number, base: number): MappedIds[] {
  const before = Math.min(id, idsInside);
  return [
    { inside: 0, outside: base, count: before },
    { inside: id, outside, count: 1 },
    { inside: id + 1, outside: base + id + 1, count: idsInside - id - 1 },
  ].filter(({ count }) => count > 0);
}
