import type { AuditEntry } from '../kernel/model/access-shapes.ts';
import { buildIdOf, parseBuildId, parseJobId } from '../kernel/model.ts';
import type { Sql } from './database.ts';

/** What an action was done to, as people know it, and the repository that it belongs to. */
export interface AuditedThing {
  /** null where the target of the entry says it already */
  about: string | null;
  repo: string | null;
}

/** Looks up what an entry is about while it is there: an entry may outlive a build. */
export async function auditedThing(
  db: Sql,
  { action, target }: Pick<AuditEntry, 'action' | 'target'>,
): Promise<AuditedThing> {
  const job = action.startsWith('jobs.') ? parseJobId(target) : undefined;
  const build = job === undefined ? action.startsWith('builds.') && parseBuildId(target) : buildIdOf(job);
  if (build) {
    const found = await db
      .selectFrom('builds')
      .select(['repo', 'number'])
      .where('id', '=', Number(build))
      .executeTakeFirst();
    if (!found) return { about: null, repo: null };
    const name = job && (await db.selectFrom('jobs').select('name').where('id', '=', job).executeTakeFirst())?.name;
    return { about: `${found.repo}#${found.number}${name ? ` ${name}` : ''}`, repo: found.repo };
  }
  const [repo = ''] = target.split(' ');
  return { about: null, repo: action.startsWith('repos.') && repo !== '' ? repo : null };
}

/** Path of the page of what an entry is about; undefined if it has none. */
export function auditedPath({
  action,
  target,
  about,
  repo,
}: Pick<AuditEntry, 'action' | 'target' | 'about' | 'repo'>): string | undefined {
  if (about !== null && action.startsWith('jobs.')) {
    const job = parseJobId(target);
    return job && `/builds/${buildIdOf(job)}?job=${job}`;
  }
  if (about !== null && action.startsWith('builds.')) return `/builds/${target}`;
  if (action.startsWith('people.') && action !== 'people.remove') return `/people/${target.split(/[ ,]/)[0]}`;
  return repo !== null && action !== 'repos.remove' ? `/repos/${repo}` : undefined;
}
