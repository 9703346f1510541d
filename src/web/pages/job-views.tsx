import type { Build } from '../../kernel/model.ts';
import { layOut } from './graph-layout.ts';
import { Tabs } from './tabs.tsx';

/** How a build's page shows the jobs. */
export type JobView = 'list' | 'graph' | 'timeline';

const titles: { readonly [V in JobView]: string } = { list: 'List', graph: 'Graph', timeline: 'Timeline' };

/** The ways to show the jobs of a build. There is no graph if no job needs another. */
export function jobViewsOf(build: Build): JobView[] {
  return layOut(build.jobs) === undefined ? ['list', 'timeline'] : ['list', 'graph', 'timeline'];
}

/**
 * The address of a job of a build in one of the views.
 * @param open names of the matrices that the graph shows job by job
 */
export function jobAddress(view: JobView, job: string | undefined, open: readonly string[] = []): string {
  const query = new URLSearchParams();
  if (view !== 'list') query.set('view', view);
  for (const name of open) query.append('open', name);
  if (job !== undefined) query.set('job', job);
  return `?${query}`;
}

/** Links to the views of the jobs; hidden while there is only one job. */
export function JobViews({ build, view, chosen }: { build: Build; view: JobView; chosen: string | undefined }) {
  return (
    <Tabs
      label="Views of the jobs"
      live="job-views"
      swap="jobs"
      hidden={build.jobs.length < 2}
      tabs={jobViewsOf(build).map((one) => ({
        title: titles[one],
        href: jobAddress(one, chosen),
        current: one === view,
      }))}
    />
  );
}
