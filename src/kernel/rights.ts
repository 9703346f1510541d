import { fitsGlob } from './names.ts';
import { includes, type Role, roles, smallerRole } from './roles.ts';

/** A role in the repositories that patterns match. */
export interface Right {
  role: Role;
  /** patterns of names; with none it is for no repository */
  repos: readonly string[];
  /** whether it is for private repositories, too */
  private: boolean;
}

/** The rights of an administrator. */
export const everything: readonly Right[] = [{ role: 'admin', repos: ['*'], private: true }];

/** The rights of a token of nobody. One that is for no repository is for all that are not private. */
export function rightsOfToken({ role, repos }: { role: Role; repos: readonly string[] | null }): readonly Right[] {
  return role === 'admin' ? everything : [{ role, repos: repos ?? ['*'], private: repos !== null }];
}

/**
 * The largest role that rights give; undefined if they give none.
 * @param repo in that repository, which their holder may read; without it, in any
 */
export function roleIn(rights: readonly Right[], repo?: string): Role | undefined {
  const given = rights.filter(({ repos }) => repo === undefined || repos.some((pattern) => fitsGlob(pattern, repo)));
  return roles.findLast((role) => given.some((right) => right.role === role));
}

/** Whether rights include a role. @param repo as in `roleIn` */
export function holds(rights: readonly Right[], needed: Role, repo?: string): boolean {
  const role = roleIn(rights, repo);
  return role !== undefined && includes(role, needed);
}

/**
 * Whether rights include a role in every repository that patterns match. A star of a pattern fits only a star of a right.
 * @param patterns none of them: false, since that stands for all repositories
 */
export function holdsInAll(rights: readonly Right[], needed: Role, patterns: readonly string[]): boolean {
  const large = rights.filter((right) => right.private && includes(right.role, needed));
  return (
    patterns.length > 0 &&
    patterns.every((pattern) => large.some(({ repos }) => repos.some((right) => fitsGlob(right, pattern))))
  );
}

/**
 * The part of rights that a role and names of repositories leave.
 * @param limit `repos`: null for all repositories
 */
export function limitedBy(rights: readonly Right[], limit: { role: Role; repos: readonly string[] | null }): Right[] {
  return rights.flatMap((right) => {
    const repos = limit.repos?.filter((name) => right.repos.some((glob) => fitsGlob(glob, name))) ?? right.repos;
    return repos.length === 0 ? [] : [{ ...right, role: smallerRole(right.role, limit.role), repos }];
  });
}
