import type { LaterPlan } from '../kernel/later-plans.ts';
import type { BuildId } from '../kernel/model.ts';
import { parseTriedRunners } from './automatic-retries.ts';
import type { Database } from './database.ts';
import { laterPlanOf, planBeginning } from './later-plans.ts';
import type { OpenJob } from './open-jobs.ts';

/** A queued job, with what is needed to check its message. */
export interface QueuedJob
  extends Pick<OpenJob, 'id' | 'build' | 'attempt' | 'labels' | 'virtualStart' | 'dueAt' | 'tried'> {
  repo: string;
  /** further labels that its repository's jobs need */
  runners: string[];
  /** kind of its plan, if not every runner takes that */
  laterPlan: LaterPlan | undefined;
}

/**
 * A page of the queued jobs, in the order in which they run.
 * @param after the last job of the page before
 */
export async function queuedJobs(
  database: Database,
  limit: number,
  after: Pick<QueuedJob, 'virtualStart' | 'build' | 'id'> | undefined,
): Promise<QueuedJob[]> {
  let query = database.db
    .selectFrom('jobs')
    .innerJoin('builds', 'builds.id', 'jobs.build_id')
    .innerJoin('repositories', 'repositories.name', 'builds.repo')
    .select(['jobs.id', 'build_id', 'attempt', 'labels', 'virtual_start', 'due_at', 'avoid'])
    .select(['builds.repo', 'builds.pull_request', 'builds.event', 'repositories.runners', planBeginning.as('plan')])
    .where('jobs.finished_at', 'is', null)
    .where('jobs.status', '=', 'queued')
    .orderBy('virtual_start')
    .orderBy('build_id')
    .orderBy('jobs.id')
    .limit(limit);
  if (after !== undefined) {
    const { virtualStart, build, id } = after;
    query = query.where(({ eb, refTuple, tuple }) =>
      eb(refTuple('virtual_start', 'build_id', 'jobs.id'), '>', tuple(virtualStart, Number(build), id)),
    );
  }
  return (await query.execute()).map((row) => ({
    id: row.id,
    build: String(row.build_id) as BuildId,
    attempt: row.attempt,
    labels: JSON.parse(row.labels) as string[],
    repo: row.repo,
    runners: JSON.parse(row.runners) as string[],
    virtualStart: row.virtual_start,
    dueAt: row.due_at,
    tried: parseTriedRunners(row.avoid),
    laterPlan: laterPlanOf(row.plan, row),
  }));
}
