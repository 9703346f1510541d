import type { BuildId, JobId } from '../kernel/model.ts';
import type { Database } from './database.ts';

/** The builds of a pull request, without those of a repository that had the name before. */
function buildsOf({ db }: Pick<Database, 'db'>, repo: string, number: number) {
  return db
    .selectFrom('builds')
    .innerJoin('repositories', 'repositories.name', 'builds.repo')
    .where('builds.repo', '=', repo)
    .where('builds.pull_request', '=', number)
    .whereRef('builds.id', '>', 'repositories.foreign_builds')
    .orderBy('builds.id', 'desc')
    .limit(1);
}

/** The newest build of a pull request; undefined without one. */
export async function newestBuildOf(
  database: Pick<Database, 'db'>,
  repo: string,
  number: number,
): Promise<BuildId | undefined> {
  const row = await buildsOf(database, repo, number).select('builds.id').executeTakeFirst();
  return row && (String(row.id) as BuildId);
}

/** The build of a pull request that a person has to approve; undefined where none waits. */
export async function buildForApproval(
  database: Pick<Database, 'db'>,
  repo: string,
  number: number,
): Promise<{ build: BuildId; head: string; job: JobId } | undefined> {
  const row = await buildsOf(database, repo, number)
    .innerJoin('approvals', 'approvals.build_id', 'builds.id')
    .innerJoin('jobs', (join) =>
      join.onRef('jobs.id', '=', 'approvals.job_id').onRef('jobs.attempt', '=', 'approvals.attempt'),
    )
    .select(['builds.id', 'builds.sha', 'jobs.id as job'])
    .where('approvals.digest', 'is not', null)
    .where('approvals.decision', 'is', null)
    .where('jobs.status', '=', 'waiting')
    .executeTakeFirst();
  return row && { build: String(row.id) as BuildId, head: row.sha, job: row.job };
}
