import type { BuildId, BuildSummary } from '../kernel/model.ts';
import type { Database } from './database.ts';
import { seriesOf } from './series.ts';

/** How many builds that passed are used. */
const sample = 9;

/**
 * How long (ms) a build will take in all: the median of the last builds of its series (see series.ts) that passed on its branch, or if
 * there are none, in its repository. A median, since one build on a busy machine must not spoil the estimate.
 * @param build.series null for a build that is in none: nothing is known of it
 */
export async function estimatedDuration(
  database: Database,
  { repo, ref, series }: Pick<BuildSummary, 'repo' | 'ref'> & { series: string | null },
): Promise<number | undefined> {
  if (series === null) return undefined;
  const passed = database.db
    .selectFrom('builds')
    .select(['started_at', 'finished_at', 'idle'])
    .where('repo', '=', repo)
    .where('status', '=', 'success')
    .where('series', '=', series)
    .orderBy('id', 'desc')
    .limit(sample);
  const ofBranch = await passed.where('ref', '=', ref).execute();
  const rows = ofBranch.length > 0 ? ofBranch : await passed.execute();
  const took = rows
    .flatMap(({ started_at: from, finished_at: to, idle }) => (from === null || to === null ? [] : [to - from - idle]))
    .sort((a, b) => a - b);
  return took[Math.floor(took.length / 2)];
}

/** The estimated durations (ms) of those of the builds that run; those of one series have the same. */
export async function estimatesOf(
  database: Database,
  builds: readonly BuildSummary[],
): Promise<ReadonlyMap<BuildId, number | undefined>> {
  const bySeries = new Map<string, Promise<number | undefined>>();
  const running = builds.filter(({ status }) => status === 'running');
  const known = await seriesOf(
    database,
    running.map(({ id }) => id),
  );
  return new Map(
    await Promise.all(
      running.map(async (build) => {
        const series = known.get(build.id) ?? null;
        const key = JSON.stringify([build.repo, build.ref, series]);
        const estimate = bySeries.get(key) ?? estimatedDuration(database, { ...build, series });
        bySeries.set(key, estimate);
        return [build.id, await estimate] as const;
      }),
    ),
  );
}
