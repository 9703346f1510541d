import type { ProjectJob } from '../job/discovery/decide.ts';
import { inImage } from '../job/discovery/project-plan.ts';
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
  { host, image: ofRepository }: Pick<Repository, 'host' | 'image'>,
  { jobTimeout }: Pick<Config, 'jobTimeout'>,
): PlannedJob[] {
  return jobs.map(({ name, plan, image, labels, timeout }) => ({
    name,
    labels: host === null ? labels : parseLabels([...labels, hostLabel(host)]),
    needs: [],
    plan: JSON.stringify(inImage(plan, { repository: ofRepository ?? undefined, file: image })),
    timeout: timeout ?? jobTimeout,
  }));
}
