import type { AuditEntry } from '../kernel/model/access-shapes.ts';
import { buildIdOf, type JobId, parseJobId } from '../kernel/model.ts';
import type { Database } from './database.ts';

/** What an action was done to, as people know it. */
export interface NamedTarget {
  name: string;
  /** path of its page */
  path: string;
}

/**
 * The builds, jobs and repositories that entries of the audit log are about, by the ids of the entries. Those that were deleted
 * are left out.
 */
export async function targetsOf(
  { db }: Database,
  entries: readonly Pick<AuditEntry, 'id' | 'action' | 'target'>[],
): Promise<Map<number, NamedTarget>> {
  const jobs = entries.flatMap(({ action, target }) => (action.startsWith('jobs.') ? (parseJobId(target) ?? []) : []));
  const ids = entries.flatMap(({ action, target }) => (action.startsWith('builds.') && isId(target) ? [target] : []));
  const builds = new Map<string, string>();
  const names = new Map<JobId, string>();
  const wanted = [...new Set([...ids, ...jobs.map(buildIdOf)])].map(Number);
  if (wanted.length > 0) {
    const rows = await db.selectFrom('builds').select(['id', 'repo', 'number']).where('id', 'in', wanted).execute();
    for (const { id, repo, number } of rows) builds.set(String(id), `${repo}#${number}`);
  }
  if (jobs.length > 0) {
    const rows = await db.selectFrom('jobs').select(['id', 'name']).where('id', 'in', jobs).execute();
    for (const { id, name } of rows) names.set(id, name);
  }
  return new Map(
    entries.flatMap(({ id, action, target }): [number, NamedTarget][] => {
      const job = action.startsWith('jobs.') ? parseJobId(target) : undefined;
      const build = job === undefined ? builds.get(target) : builds.get(buildIdOf(job));
      if (job !== undefined && build !== undefined)
        return [[id, { name: `${build} ${names.get(job) ?? ''}`, path: `/builds/${buildIdOf(job)}?job=${job}` }]];
      if (action.startsWith('builds.') && build !== undefined)
        return [[id, { name: build, path: `/builds/${target}` }]];
      const [repo = ''] = target.split(' ');
      return /^repos\.(?!remove$)/.test(action) && repo !== '' ? [[id, { name: target, path: `/repos/${repo}` }]] : [];
    }),
  );
}

function isId(text: string): boolean {
  return /^\d{1,15}$/.test(text);
}
