import type { Context } from 'hono';
import { VoltError } from '../../kernel/errors.ts';
import type { RunnerDrain } from '../../kernel/model/access-shapes.ts';
import { type JobId, parseJobId } from '../../kernel/model.ts';
import { serverNow } from '../../kernel/server-time.ts';
import { sizeText } from '../../kernel/sizes.ts';
import { type AttemptPosition, attemptsOfRunner, hasRunJobs, type NamedJob } from '../../record/runner-history.ts';
import { clockFault } from '../../redis/clock-fault.ts';
import type { WebEnv } from '../access/env.ts';
import { may } from '../access/rights.ts';
import type { Web } from '../services.ts';
import { type FleetRunner, readFleet } from '../status/fleet.ts';
import { fleetRanges } from '../status/fleet-intervals.ts';
import { type JobForRunner, jobsFor, jobsNow, sharesBusy } from '../status/runner-work.ts';
import { answerPage } from './layout.tsx';
import { PageHead } from './page-head.tsx';
import { Age, Fact, Problems, Took } from './parts.tsx';
import { JobLink, PastAttempts } from './past-attempts.tsx';
import { DrainForm, DrainNote, DrainOf, RunnerMark } from './runner-drain.tsx';
import { Load, Use } from './runner-parts.tsx';
import { Table } from './table.tsx';

/** Attempts on one page. */
const pageSize = 25;
/** Waiting jobs that are listed. */
const mostWaiting = 10;

/** `/runners/:name`: what a runner does and has done, and the form that drains it. */
export async function runnerPage(context: Context<WebEnv>, web: Web): Promise<Response> {
  const name = (context.req.param('name') ?? '').slice(0, 256);
  const reader = context.get('reader');
  const before = parsePosition(context.req.query('before'));
  const [attempts, fleet] = await Promise.all([
    attemptsOfRunner(web.database, reader, name, { limit: pageSize + 1, before }),
    readFleet(web, reader),
  ]);
  const alive = fleet?.runners.filter((runner) => runner.name === name) ?? [];
  const drain = alive[0]?.drain ?? fleet?.away.find(({ runner }) => runner === name) ?? null;
  if (fleet && alive.length === 0 && !drain && !(await hasRunJobs(web.database, name))) throw noRunner(name);
  const now = serverNow();
  const [running, waiting, hour, day] = await Promise.all([
    jobsNow(web, reader, alive),
    alive[0] ? jobsFor(web, reader, alive[0], fleet?.runners ?? []) : [],
    sharesBusy(web, alive, fleetRanges.hour.length, now),
    sharesBusy(web, alive, fleetRanges.day.length, now),
  ]);
  const next = attempts.length > pageSize ? attempts[pageSize - 1] : undefined;
  return answerPage(context, web, {
    title: name,
    section: 'runners',
    content: (
      <article data-refresh="3">
        <section id="runner" data-live="">
          <PageHead
            above={[{ title: 'Runners', href: '/runners' }]}
            title={
              <>
                {name} <States alive={alive} isKnown={fleet !== undefined} />
              </>
            }
          >
            {may(context, 'admin') && <DrainForm runner={name} isDrained={drain !== null} />}
          </PageHead>
          <Drained alive={alive} drain={drain} now={now} />
          <Problems problems={alive.flatMap(({ problems }) => problems)} />
          {alive.map((runner) => (
            <Facts runner={runner} hour={hour.get(name)} day={day.get(name)} now={now} />
          ))}
        </section>
        {alive.length > 0 && (
          <section id="running" data-live="">
            <h2>Running now</h2>
            <Running work={[...running.values()]} now={now} />
          </section>
        )}
        {alive.length > 0 && (
          <section id="waiting" data-live="">
            <h2>Waiting for it</h2>
            <Waiting waiting={waiting} now={now} />
          </section>
        )}
        <section id="attempts" data-live="">
          <h2>Last jobs</h2>
          {attempts.length === 0 ? (
            <p class="empty">No jobs{before && ' further back'}.</p>
          ) : (
            <PastAttempts attempts={attempts.slice(0, pageSize)} now={now} />
          )}
          <nav class="pages" aria-label="Pages">
            {before && <a href={`/runners/${encodeURIComponent(name)}`}>Newest jobs</a>}
            {next && <a href={`?before=${next.createdAt}~${next.job}`}>Older jobs</a>}
          </nav>
        </section>
      </article>
    ),
  });
}

/** Reads `1700000000000~12-1`. */
function parsePosition(text: string | undefined): AttemptPosition | undefined {
  const [, createdAt, job = ''] = /^(\d{1,15})~(\S+)$/.exec(text ?? '') ?? [];
  return createdAt !== undefined && parseJobId(job) ? { createdAt: Number(createdAt), job: job as JobId } : undefined;
}

function noRunner(name: string): VoltError {
  return new VoltError('not_found', `there is no runner "${name}"`, {
    remedy: 'See the runners at /runners. Those that have never run a job are known while they are connected.',
  });
}

/** @param isKnown whether Redis answers */
function States({ alive, isKnown }: { alive: FleetRunner[]; isKnown: boolean }) {
  if (alive.length > 0) return alive.map((runner) => <RunnerMark runner={runner} />);
  return <span class="status">{isKnown ? 'not connected' : 'unknown: Redis does not answer'}</span>;
}

function Drained({ alive, drain, now }: { alive: FleetRunner[]; drain: RunnerDrain | null; now: number }) {
  if (!drain) return null;
  if (alive.length > 0) return alive.map((runner) => <DrainOf runner={runner} now={now} />);
  return (
    <p class="faint">
      <DrainNote drain={drain} now={now} />
    </p>
  );
}

interface FactsOf {
  runner: FleetRunner;
  /** share of the slots' time that was used in the last hour and day */
  hour: number | undefined;
  day: number | undefined;
  now: number;
}

function Facts({ runner, hour, day, now }: FactsOf) {
  const { host, slots, running, labels, repos, isolation, engine, version, startedAt, heartbeatAt, vitals } = runner;
  const fault = clockFault(runner);
  return (
    <dl class="facts">
      <Fact name="Busy slots">
        {running.length} of {slots}
      </Fact>
      <Fact name="Busy in the last hour">
        <Use share={hour} />
      </Fact>
      <Fact name="Busy in the last 24 hours">
        <Use share={day} />
      </Fact>
      <Fact name="Load">
        <Load runner={runner} />
      </Fact>
      <Fact name="Machine">
        {host}
        {fault !== undefined && <span class="by">{fault}</span>}
      </Fact>
      <Fact name="Free disk">{vitals?.diskFree == null ? 'unknown' : sizeText(vitals.diskFree)}</Fact>
      <Fact name="Isolation">{isolation ?? 'unknown'}</Fact>
      <Fact name="Container engine">{engine ?? 'not used yet'}</Fact>
      <Fact name="Version">{version}</Fact>
      <Fact name="Started">
        <Age time={startedAt} now={now} />
      </Fact>
      <Fact name="Last heartbeat">
        <Age time={heartbeatAt} now={now} />
      </Fact>
      <Fact name="Labels">
        {labels.map((label) => (
          <span class="label">{label}</span>
        ))}
      </Fact>
      {repos.length > 0 && <Fact name="Only repositories">{repos.map((globs) => globs.join(', ')).join(' and ')}</Fact>}
    </dl>
  );
}

function Running({ work, now }: { work: { jobs: NamedJob[]; hidden: number }[]; now: number }) {
  const jobs = work.flatMap((of) => of.jobs);
  const hidden = work.reduce((sum, of) => sum + of.hidden, 0);
  if (jobs.length + hidden === 0) return <p class="faint">Nothing.</p>;
  return (
    <>
      {jobs.length > 0 && (
        <Table
          class="cards"
          rows={jobs}
          columns={[
            { head: 'Job', class: 'name', cell: (job) => <JobLink {...job} /> },
            {
              head: 'For',
              class: 'number',
              cell: ({ startedAt }) => <Took from={timeOf(startedAt)} to={null} now={now} />,
            },
          ]}
        />
      )}
      {hidden > 0 && (
        <p class="faint">
          {hidden} {hidden === 1 ? 'job' : 'jobs'} of repositories that you may not read.
        </p>
      )}
    </>
  );
}

function timeOf(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString();
}

function Waiting({ waiting, now }: { waiting: JobForRunner[]; now: number }) {
  if (waiting.length === 0) return <p class="faint">No job waits for this runner.</p>;
  const more = waiting.length - mostWaiting;
  return (
    <>
      <Table
        class="cards"
        rows={waiting.slice(0, mostWaiting)}
        columns={[
          { head: 'Job', class: 'name', cell: ({ job }) => <JobLink {...job} job={job.id} /> },
          { head: 'Why', cell: ({ why }) => why },
          {
            head: 'Queued',
            class: 'number',
            cell: ({ job }) => <Age time={new Date(job.since).toISOString()} now={now} />,
          },
        ]}
      />
      {more > 0 && (
        <p class="faint">
          And {more} more {more === 1 ? 'job' : 'jobs'}.
        </p>
      )}
    </>
  );
}
