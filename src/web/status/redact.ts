import type { Database } from '../../record/database.ts';
import { hidesAny, type Reader } from '../../record/visibility.ts';
import type { RunnerMember, StageMember } from '../../redis/membership.ts';

/**
 * Removes texts that may name private repositories from what stages and runners report about themselves. A reader who may
 * not read every repository still sees that a member has problems, and their codes.
 */
export async function redact<M extends StageMember | RunnerMember>(
  database: Database,
  reader: Reader,
  members: readonly M[],
): Promise<M[]> {
  const isHarmless = (member: M) =>
    member.problems.length === 0 &&
    !member.vitals?.warnings.last &&
    (!('repos' in member) || member.repos.length === 0);
  if (members.every(isHarmless)) return [...members];
  // if the database does not answer, every reader but an administrator gets the redacted form
  const hides = await hidesAny(database, reader).catch(() => !reader.all);
  return hides ? members.map(redacted) : [...members];
}

function redacted<M extends StageMember | RunnerMember>(reported: M): M {
  // the patterns contain names of repositories
  const member = 'repos' in reported ? { ...reported, repos: [] } : reported;
  const { problems, vitals } = member;
  const remedy = 'Ask somebody with the role "admin" to run `volt status`.';
  const hidden = problems.map(({ code }) => ({ code, message: `it reports a problem, ${code}`, remedy }));
  if (!vitals?.warnings.last) return { ...member, problems: hidden };
  const { at, level } = vitals.warnings.last;
  const last = { at, level, message: 'only administrators may read this', about: {} };
  return { ...member, problems: hidden, vitals: { ...vitals, warnings: { ...vitals.warnings, last } } };
}
