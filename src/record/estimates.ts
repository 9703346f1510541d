import type { BuildId, BuildSummary } from '../kernel/model.ts';
import type { Database } from './database.ts';

/** How many builds that passed are used. */
const sample = 9;

/**
 * How long (ms) a build will take in all: the median of the last builds that passed on its branch, or if there are none, in
 * its repository. A median, since one build on a busy machine must not spoil the estimate; without builds that events such as comments
 * have started, since these run other workflows.
 */
export async function estimatedDuration(
  database: Database,
  { repo, ref }: Pick<BuildSummary, 'repo' | 'ref'>,
): Promise<number | undefined> {
  const passed = database.db
    .selectFrom('builds')
    .select(['started_at', 'finished_at', 'idle'])
    .where('repo', '=', repo)
    .where('status', '=', 'success')
    .where('event', 'is', null)
    .orderBy('id', 'desc')
    .limit(sample);
  const ofBranch = await passed.where('ref', '=', ref).execute();
  const rows = ofBranch.length > 0 ? ofBranch : await passed.execute();
  const took = rows
    .flatMap(({ started_at: from, finished_at: to, idle }) => (from === null || to === null ? [] : [to - from - idle]))
    .sort((a, b) => a - b);
  return took[Math.floor(took.length / 2)];
}

/** The estimated durations (ms) of those of the builds that run; builds of one branch have the same. */
export async function estimatesOf(
  database: Database,
  builds: readonly BuildSummary[],
): Promise<ReadonlyMap<BuildId, number | undefined>> {
  const byBranch = new Map<string, Promise<number | undefined>>();
  const running = builds.filter(({ status }) => status === 'running');
  return new Map(
    await Promise.all(
      running.map(async (build) => {
        const branch = `${build.repo} ${build.ref}`;
        const estimate = byBranch.get(branch) ?? estimatedDuration(database, build);
        byBranch.set(branch, estimate);
        return [build.id, await estimate] as const;
      }),
    ),
  );
}
