import type { Context } from 'hono';
import type { Child } from 'hono/jsx';
import { type Build, isFinal, parseBuildId } from '../../kernel/model.ts';
import { serverNow } from '../../kernel/server-time.ts';
import { branchHistory } from '../../record/branch-history.ts';
import { approvalMaterial } from '../../record/build-approvals.ts';
import { estimatedDuration } from '../../record/estimates.ts';
import { linksOf } from '../../record/project-links.ts';
import type { WebEnv } from '../access/env.ts';
import { readBuild } from '../access/readable.ts';
import { may } from '../access/rights.ts';
import { signInPath } from '../access/to-sign-in.ts';
import { nothingHere } from '../http/errors.ts';
import type { Web } from '../services.ts';
import { requirementsOf, runnersIfQueued } from '../status/queued-jobs.ts';
import { notesOf } from './annotations.tsx';
import { ApprovalForm, waitingForApproval } from './approval.tsx';
import { Material } from './approval-material.tsx';
import { Broken, Neighbours } from './branch-neighbours.tsx';
import { BuildFacts, CommitBody } from './build-facts.tsx';
import { chooseJob, mayHaveLog } from './chosen-job.ts';
import { failedTestsOf, TestCounts } from './failed-tests.tsx';
import { Graph } from './graph.tsx';
import { whatHolds } from './held-jobs.ts';
import { JobList } from './job-list.tsx';
import { type Allowed, JobPane } from './job-pane.tsx';
import { type JobView, JobViews, jobViewsOf } from './job-views.tsx';
import { answerPage } from './layout.tsx';
import { LogSection, shownLogKey } from './log.tsx';
import { Crumbs } from './page-head.tsx';
import { stateOf } from './page-state.ts';
import { BuildMark } from './parts.tsx';
import { verdictOf } from './sentences.ts';
import { stepPlaces } from './step-places.ts';
import { Timeline } from './timeline.tsx';
import { Words } from './words.tsx';

/** `/builds/:id`: a build's result, its jobs, and one job with its log. The query `job` says which, `view` how the jobs are shown. */
export async function buildPage(context: Context<WebEnv>, web: Web): Promise<Response> {
  const id = parseBuildId(context.req.param('id') ?? '');
  if (id === undefined) return nothingHere(context);
  const build = await readBuild(web.database, context.get('reader'), id);
  const chosen = chooseJob(build, context.req.query('job'), context.req.query('attempt'));
  const [history, runners, needed, summaryOf, failed, material, projects] = await Promise.all([
    branchHistory(web.database, build, context.get('reader')),
    runnersIfQueued(build, web),
    requirementsOf(build, web),
    web.summaries.of(build, chosen?.job.id),
    chosen ? failedTestsOf(web.database, build, chosen.job) : [],
    build.approval === null ? undefined : approvalMaterial(web.database, id),
    linksOf(web.database, [build.repo]),
  ]);
  const links = projects.get(build.repo);
  const { lines, noted } = chosen ? await stepPlaces(web, chosen) : { lines: [], noted: new Map() };
  const annotated = {
    log: `?job=${chosen?.job.id}&attempt=${chosen?.attempt}`,
    lines: noted,
    fileOf: (path: string, line: number | null) => links?.file(build.sha, path, line),
  };
  const view = jobViewsOf(build).find((one) => one === context.req.query('view')) ?? 'list';
  const estimate =
    build.status === 'running'
      ? await estimatedDuration(web.database, { ...build, series: history.series })
      : undefined;
  const now = serverNow();
  const allowed = { run: may(context, 'run', build.repo), approve: may(context, 'approve', build.repo) };
  return answerPage(context, web, {
    title: `${build.repo}#${build.number}`,
    state: stateOf(build),
    section: 'builds',
    scripts: ['log'],
    content: (
      <article data-build={build.id} data-final={isFinal(build.status) ? '' : undefined}>
        <div class="path">
          <Crumbs
            above={[
              { title: 'Builds', href: '/builds' },
              { title: build.repo, href: `/builds?repo=${build.repo}` },
            ]}
            here={`#${build.number}`}
          />
          <Neighbours build={build} history={history} />
        </div>
        <div id="verdict" data-live="">
          <h1>
            <BuildMark build={build} /> <span class="subject">{build.subject}</span>
          </h1>
          <p class="verdict">
            <Words text={[verdictOf(build), whatHolds(build, runners, needed)].filter(Boolean).join(' ')} />
          </p>
          <Broken build={build} history={history} />
          <Act signIn={signInPath(context)} build={build} allowed={allowed} signedIn={context.get('signedIn')} />
        </div>
        <BuildFacts build={build} estimate={estimate} links={links} now={now} />
        <CommitBody text={build.body} />
        {material && (
          <Material material={material} open={asksForAll(build)}>
            {allowed.approve && asksForAll(build) && <Decide build={build} />}
          </Material>
        )}
        <TestCounts build={build} chosen={chosen?.job.id} />
        <Panes view={view} open={context.req.queries('open') ?? []} build={build} chosen={chosen?.job.id} now={now}>
          {chosen && (
            <>
              <JobPane
                build={build}
                job={chosen.job}
                runners={runners}
                needed={needed}
                allowed={allowed}
                lines={lines}
                annotated={annotated}
                failed={chosen.attempt === chosen.job.attempts.at(-1)?.number ? failed : []}
                summaryOf={summaryOf}
                now={now}
              />
              {mayHaveLog(chosen.job) && (
                <LogSection
                  web={web}
                  chosen={chosen}
                  query={(name) => context.req.query(name)}
                  base={{ job: chosen.job.id, attempt: String(chosen.attempt), ...(view !== 'list' && { view }) }}
                  notes={notesOf(chosen.job.steps, annotated)}
                  known={shownLogKey(context)}
                  failedTests={failed.map(({ name }) => name)}
                />
              )}
            </>
          )}
        </Panes>
      </article>
    ),
  });
}

interface Shown {
  view: JobView;
  /** names of the matrices that the graph shows job by job */
  open: readonly string[];
  build: Build;
  chosen: string | undefined;
  now: number;
  children?: Child;
}

/** The jobs of a build and the chosen one: side by side, or the chosen one below a picture of all. */
function Panes({ view, open, build, chosen, now, children }: Shown) {
  const single = build.jobs.length < 2;
  return (
    <>
      <JobViews build={build} view={view} chosen={chosen} />
      <div class="panes">
        <nav id="jobs" class={view} data-live="" aria-label="Jobs" hidden={single}>
          {view === 'graph' && <Graph build={build} chosen={chosen} open={open} now={now} />}
          {view === 'timeline' && <Timeline build={build} chosen={chosen} now={now} />}
          {view === 'list' && <JobList build={build} chosen={chosen} now={now} />}
        </nav>
        <div class="pane">{children}</div>
      </div>
    </>
  );
}

interface Acting {
  build: Build;
  allowed: Allowed;
  signedIn: boolean;
  /** address of the page to sign in at */
  signIn: string;
}

function Act({ build, allowed, signedIn, signIn }: Acting) {
  const over = isFinal(build.status);
  const waits = waitingForApproval(build).length > 0;
  if (!signedIn) {
    return (
      <>
        <p class="faint">
          <a href={signIn}>Sign in</a> to {over ? 'retry' : waits ? 'approve or cancel' : 'cancel'} this build.
        </p>
        {!over && <NotifyButton build={build} />}
      </>
    );
  }
  if (over) return allowed.run ? <Retry build={build} /> : null;
  return (
    <>
      {allowed.approve && asksForAll(build) && (
        <p>
          See what it changes, then <a href="#decide">approve or decline</a> it.
        </p>
      )}
      {allowed.approve && waits && !asksForAll(build) && <Decide build={build} />}
      <div class="acts">
        {allowed.run && <CancelForm build={build} />}
        <NotifyButton build={build} />
      </div>
    </>
  );
}

/** Asks for a notification when the build ends; client/shell/watched.ts shows it. */
function NotifyButton({ build }: { build: Build }) {
  return (
    <button id="notify" type="button" data-of={build.id} hidden>
      Notify me
    </button>
  );
}

/** Whether a person must approve the whole build. */
function asksForAll({ approval }: Build): boolean {
  return approval !== null && approval.decision === null;
}

function Decide({ build }: { build: Build }) {
  return <ApprovalForm of={build.id} jobs={waitingForApproval(build).map(({ id }) => id)} />;
}

function CancelForm({ build }: { build: Build }) {
  return (
    <form method="post" action={`/builds/${build.id}/cancel`}>
      <button class="danger" type="submit">
        Cancel build
      </button>
    </form>
  );
}

/** The retry buttons; a build of several jobs also has one for its failed jobs. */
function Retry({ build }: { build: Build }) {
  const failed = build.jobs.length > 1 && build.status !== 'success' && build.status !== 'skipped';
  return (
    <form method="post" action={`/builds/${build.id}/retry`}>
      {failed && (
        <button type="submit" class="primary" name="failed" value="1">
          Retry failed jobs
        </button>
      )}
      <button type="submit">Retry build</button>
    </form>
  );
}
