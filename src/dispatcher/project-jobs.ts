import type { ProjectJob } from '../job/discovery/decide.ts';
import type { Config } from '../kernel/config.ts';
import { hostLabel, parseLabels } from '../kernel/names.ts';
import type { PlannedJob } from '../record/plans.ts';
import type { Repository } from '../record/repositories.ts';

/**
 * The jobs of a commit without workflows. A repository that is a path can only be fetched on its own machine, so its jobs
 * need that machine's label.
 */
export function projectJobs(
  jobs: readonly ProjectJob[],
  { host }: Pick<Repository, 'host'>,
  { jobTimeout }: Pick<Config, 'jobTimeout'>,
): PlannedJob[] {
  return jobs.map(({ name, plan, labels, timeout }) => ({
    name,
    labels: host === null ? labels : parseLabels([...labels, hostLabel(host)]),
    needs: [],
    plan: JSON.stringify(plan),
    timeout: timeout ?? jobTimeout,
  }));
}
