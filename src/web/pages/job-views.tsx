import type { Build } from '../../kernel/model.ts';
import { layOut } from './graph-layout.ts';

/** How a build's page shows the jobs. */
export type JobView = 'list' | 'graph';

const titles: { readonly [V in JobView]: string } = { list: 'List', graph: 'Graph' };

/** The ways to show the jobs of a build. There is no graph if no job needs another. */
export function jobViewsOf(build: Build): JobView[] {
  return layOut(build.jobs) === undefined ? ['list'] : ['list', 'graph'];
}

/** The address of a job of a build in one of the views. */
export function jobAddress(view: JobView, job: string | undefined): string {
  const query = new URLSearchParams();
  if (view !== 'list') query.set('view', view);
  if (job !== undefined) query.set('job', job);
  return `?${query}`;
}

/** Links to the views of the jobs. */
export function JobViews({ view, views, chosen }: { view: JobView; views: JobView[]; chosen: string | undefined }) {
  return (
    <nav class="tabs" id="job-views" data-live="" aria-label="Views of the jobs" hidden={views.length < 2}>
      {views.map((one) => (
        <a href={jobAddress(one, chosen)} data-swap="jobs" aria-current={one === view ? 'true' : undefined}>
          {titles[one]}
        </a>
      ))}
    </nav>
  );
}
