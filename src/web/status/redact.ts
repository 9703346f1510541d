import type { Database } from '../../record/database.ts';
import { hidesAny, type Reader } from '../../record/visibility.ts';
import type { RunnerMember, StageMember } from '../../redis/membership.ts';

/**
 * What stages and runners say of themselves names the work that it is about, in words. Who may not read every repository is
 * told that there is something, and not what.
 */
export async function discreet<M extends StageMember | RunnerMember>(
  database: Database,
  reader: Reader,
  members: readonly M[],
): Promise<M[]> {
  const saysNothing = (member: M) =>
    member.problems.length === 0 &&
    !member.vitals?.warnings.last &&
    (!('repos' in member) || member.repos.length === 0);
  if (members.every(saysNothing)) return [...members];
  // a record that does not answer tells nobody what is hidden
  const hides = await hidesAny(database, reader).catch(() => !reader.all);
  return hides ? members.map(withoutWords) : [...members];
}

function withoutWords<M extends StageMember | RunnerMember>(told: M): M {
  // patterns are names of repositories
  const member = 'repos' in told ? { ...told, repos: [] } : told;
  const { problems, vitals } = member;
  const remedy = 'Ask somebody with a token of scope "admin", whom `volt status` tells.';
  const hidden = problems.map(({ code }) => ({ code, message: `it reports a problem, ${code}`, remedy }));
  if (!vitals?.warnings.last) return { ...member, problems: hidden };
  const { at, level } = vitals.warnings.last;
  const last = { at, level, message: 'told to administrators alone', about: {} };
  return { ...member, problems: hidden, vitals: { ...vitals, warnings: { ...vitals.warnings, last } } };
}
