import type { Context } from 'hono';
import type { NamedJob } from '../../record/runner-history.ts';
import type { WebEnv } from '../access/env.ts';
import { may } from '../access/rights.ts';
import type { FleetRunner } from '../status/fleet.ts';
import { PageHead } from './page-head.tsx';
import { JobLink } from './past-attempts.tsx';
import { Tabs } from './tabs.tsx';

/** The head of the pages about all runners. The internals are for administrators. */
export function FleetHead({ context, view }: { context: Context<WebEnv>; view: 'runners' | 'internals' }) {
  return (
    <>
      <PageHead title="Runners" />
      {may(context, 'admin') && (
        <Tabs
          label="Views of the runners"
          tabs={[
            { title: 'Runners', href: '/runners', current: view === 'runners' },
            { title: 'Internals', href: '/internals', current: view === 'internals' },
          ]}
        />
      )}
    </>
  );
}

/** `1.20 on 2 cores` */
export function Load({ runner: { load, cores } }: { runner: FleetRunner }) {
  if (cores === undefined) return <>{load.toFixed(2)}</>;
  return (
    <>
      {load.toFixed(2)}
      <span class="faint">
        {' '}
        on {cores} {cores === 1 ? 'core' : 'cores'}
      </span>
    </>
  );
}

/** A share of time as a bar and a number. @param share from 0 to 1; undefined if unknown */
export function Use({ share }: { share: number | undefined }) {
  if (share === undefined) return <span class="faint">–</span>;
  const percent = Math.round(share * 100);
  return (
    <span class="use">
      <svg viewBox="0 0 100 1" preserveAspectRatio="none" aria-hidden="true">
        <rect class="whole" width="100" height="1" />
        <rect width={percent} height="1" />
      </svg>
      {percent} %
    </span>
  );
}

/** The jobs that a runner runs. @param hidden how many more there are, which the reader may not see */
export function RunningJobs({ jobs, hidden }: { jobs: readonly NamedJob[]; hidden: number }) {
  if (jobs.length + hidden === 0) return <span class="faint">none</span>;
  return (
    <>
      {jobs.map((job) => (
        <span class="one">
          <JobLink {...job} />
        </span>
      ))}
      {hidden > 0 && <span class="one faint">{hidden === 1 ? 'a job' : `${hidden} jobs`} of other repositories</span>}
    </>
  );
}
