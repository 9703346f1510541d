import type { Role } from './roles.ts';

interface Reasons {
  person: string;
  repo: string;
  blocked: boolean;
  role: Role | null;
  /** why everybody may read the repository; null if they may not */
  everybody: string | null;
}

/** What a person may do in a repository, in sentences without a full stop: by a role, and without one. */
export function accessSentences({ person, repo, blocked, role, everybody }: Reasons): string[] {
  if (role !== null) return [`${person} has the role ${role} in ${repo}`];
  return [
    blocked ? `${person} is blocked, and can neither sign in nor use a token` : `${person} has no role in ${repo}`,
    ...(everybody === null ? [] : [`even so, ${everybody}`]),
  ];
}
